"""Chromium for the run, driven by Playwright; a new context is a new person at another computer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.services.launch import require

NewContext = Callable[..., Awaitable[BrowserContext]]  # the fixture `new_context`

# Each window of Chromium draws, out of sight, the pages that fall out of its address bar, and has a spare
# process ready for the next address; both take more than most of our pages do. The others are those that
# Playwright turns off: of two lists Chromium takes the last.
FEATURES = (
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)

# Without these Chromium looks for updates, for its maker's hosts and for a sandbox that root may not have.
OPTIONS = (
    f"--disable-features={','.join(FEATURES)}",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@asynccontextmanager
async def launched_browser() -> AsyncIterator[Browser]:
    """Chromium, started on entering and gone on leaving."""
    program = require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(OPTIONS), headless=True)
        try:
            yield browser
        finally:
            await browser.close()
