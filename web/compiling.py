"""How templates are compiled: as Jinja does, but that putting values out costs less.

A page puts out some thousand values. Jinja makes a Markup object of each, which takes ten times as long as
escaping it, only to join them to one text right after.
"""

from keyword import iskeyword
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
    """Puts escaped texts out as they are, and nothing for an `if` without `else` that does not hold; calls
    what another template gives by name itself."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._macros: set[str] = set()

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

    def visit_FromImport(self, node: nodes.FromImport, frame: Frame) -> None:
        super().visit_FromImport(node, frame)
        self._macros |= {name if isinstance(name, str) else name[1] for name in node.names}

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        # A macro asks neither for the context nor for the loop that it is called in, for which Jinja looks.
        if forward_caller or not self._is_of_macro(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")

    def _is_of_macro(self, node: nodes.Call) -> bool:
        if not isinstance(node.node, nodes.Name) or node.node.name not in self._macros:
            return False
        is_spread = node.dyn_args is not None or node.dyn_kwargs is not None
        return not is_spread and not any(iskeyword(named.key) for named in node.kwargs)

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        if node.with_context:
            super()._import_common(node, frame)
            return
        # No template is given globals of its own: to look for them took longer than most of what is drawn.
        self.write("environment.get_template(")
        self.visit(node.template, frame)
        self.write(f", {self.name!r})._get_default_module()")
