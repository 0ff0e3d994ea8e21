"""How templates are compiled: as Jinja does, but that putting values out costs less.

A page puts out some thousand values. Jinja makes a Markup object of each, which takes ten times as long as
escaping it, only to join them to one text right after.
"""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

try:
    from markupsafe._speedups import _escape_inner as escaped
except ImportError:  # where it could not be built
    from markupsafe._native import _escape_inner as escaped


def text_of(value: Any) -> str:
    """What `{{ value }}` puts out where everything is escaped."""
    kind = type(value)
    if kind is str:
        return escaped(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]  # of that type
    return repr(value) if kind is int else escape(value)


class PlainOutput(CodeGenerator):
    """Puts escaped texts out as they are, and nothing for an `if` without `else` that does not hold."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.writeline("from web.compiling import text_of")
        super().visit_Template(node, frame)

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        for child in node.nodes:
            if isinstance(child, nodes.CondExpr) and child.expr2 is None:
                child.expr2 = nodes.Const("", lineno=child.lineno)
        super().visit_Output(node, frame)

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("text_of(")

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        if node.with_context:
            super()._import_common(node, frame)
            return
        # No template is given globals of its own: to look for them took longer than most of what is drawn.
        self.write("environment.get_template(")
        self.visit(node.template, frame)
        self.write(f", {self.name!r})._get_default_module()")
