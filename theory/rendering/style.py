"""The style sheet of HTML pages."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
.derivation {
  --ink: #1b1f24; --paper: #ffffff; --faint: #656d76; --rule: #d5dae0; --link: #0b57b0; --wash: #f3f6fa;
  --good: #1a7f37; --warn: #9a5b00; --bad: #c1121f;
  color: var(--ink); line-height: 1.55; font-family: Charter, "Bitstream Charter", Georgia, "Times New Roman", serif;
}
main.derivation { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; font-size: 1.0625rem; }
body { margin: 0; }
@media (prefers-color-scheme: dark) {
  .derivation {
    --ink: #dfe4ea; --paper: #14171b; --faint: #98a2ad; --rule: #343b44; --link: #82b7ff; --wash: #1c2128;
    --good: #57c774; --warn: #e6a83c; --bad: #ff7b72;
  }
  body:has(> main.derivation) { background: #14171b; }
}
.derivation h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
.derivation h2 {
  font-size: 1.35rem; line-height: 1.3; margin: 2.6rem 0 .8rem; padding-top: 1.2rem; border-top: 1px solid var(--rule);
}
.derivation h3 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
.derivation p { margin: .9rem 0 .5rem; }
.derivation a { color: var(--link); text-decoration: none; }
.derivation a:hover { text-decoration: underline; }
.derivation ul { padding-left: 1.3rem; }
.derivation ul.marked { list-style: none; padding-left: 2.6rem; }
.derivation ul.marked > li > b:first-child {
  display: inline-block; min-width: 2.3rem; margin-left: -2.6rem; padding-right: 0.3rem;
}
.derivation li { margin: .5rem 0; }
.derivation math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", math; }
.derivation p > math { white-space: nowrap; }
.derivation .formula { display: flex; align-items: center; gap: 1rem; margin: .6rem 0 1rem; scroll-margin: 4rem; }
.derivation .formula .lines { flex: 1 1 auto; overflow-x: auto; overflow-y: hidden; padding: .15rem 0; }
.derivation .formula table { margin: 0 auto; border-collapse: collapse; border: 0; background: none; }
.derivation .formula tr, .derivation .formula td { border: 0; background: none; }
.derivation .formula td { padding: .22rem 0; vertical-align: baseline; text-align: left; white-space: nowrap; }
.derivation .formula td:first-child { text-align: right; }
.derivation .formula .tag { flex: none; color: var(--faint); font-variant-numeric: tabular-nums; }
.derivation .formula.boxed .lines {
  background: var(--wash); border: 1px solid var(--rule); border-radius: 6px; padding: .5rem .8rem;
}
.derivation :target { background: var(--wash); border-radius: 4px; }
.derivation .mark {
  font: .78em/1.4 system-ui, sans-serif; color: var(--faint); border-left: 3px solid var(--good); padding-left: .45em;
}
.derivation .mark.definition { border-color: var(--rule); }
.derivation .mark.cited { border-color: var(--warn); }
.derivation .mark.instances { border-color: var(--warn); color: var(--warn); font-weight: 600; }
.derivation .mark.failed { border-color: var(--bad); color: var(--bad); font-weight: 700; }
@media (max-width: 34rem) {
  main.derivation { font-size: 1rem; padding: 1rem .8rem 3rem; }
  .derivation .formula { gap: .5rem; }
}
@media print { main.derivation { max-width: none; } }
"""
"""Everything is below one class, so that notebooks keep their own style."""
