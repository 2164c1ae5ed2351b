"""The style sheet of the report: for a screen and for A4 paper. Fonts are those of the reader's machine."""

from markupsafe import Markup

SHEET = Markup("""<style>
:root { color-scheme: light; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: #fff; color: #1f2933;
  font: 15px/1.5 "Liberation Sans", Arial, Helvetica, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.4rem; }
h2 { font-size: 1.25rem; line-height: 1.25; margin: 2.4rem 0 0.6rem; padding-top: 0.6rem;
  border-top: 2px solid #1f2933; }
h3 { font-size: 1.02rem; margin: 1.5rem 0 0.4rem; }
p, ul, dl, figure, .wide { margin: 0 0 0.8rem; }
p, li, dd { max-width: 48rem; }
ul { padding-left: 1.2rem; }
li { margin-bottom: 0.25rem; }
a { color: #1f5fae; }
nav ol { columns: 2; margin: 0.8rem 0 0; padding-left: 1.4rem; }
code { font-family: "Liberation Mono", "Courier New", monospace; font-size: 0.86em; overflow-wrap: anywhere; }
.lead { font-size: 1.05rem; max-width: 48rem; }
.note { color: #56606c; font-size: 0.87rem; }
.warning { border: 1px solid #b07a12; border-left-width: 4px; padding: 0.5rem 0.8rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.2rem 1.2rem; }
dt { color: #56606c; }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
td code { overflow-wrap: normal; }
.wide:focus-visible, .drawing:focus-visible { outline: 2px solid #1f5fae; }
table { border-collapse: collapse; min-width: 62%; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #56606c; font-size: 0.87rem; padding-bottom: 0.3rem; }
th, td { padding: 0.28rem 1.3rem 0.28rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d5dae1; }
thead th { color: #56606c; font-weight: 600; border-bottom: 1px solid #1f2933; vertical-align: bottom; }
tbody th { padding-top: 0.7rem; font-weight: 650; }
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
tr > :last-child { padding-right: 0; }
figcaption { margin-bottom: 0.2rem; }
.drawing { overflow-x: auto; }
.drawing svg { display: block; max-width: 100%; height: auto; }
.light, .day { white-space: nowrap; }
.light.green { color: #146c43; }
.light.amber { color: #7a4f00; }
.light.red { color: #b3261e; }
@media (max-width: 640px) {
  body { padding: 1.2rem 0.9rem 3rem; }
  nav ol { columns: 1; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.5rem; }
  .drawing svg { min-width: 30rem; max-width: none; width: 30rem; }
  table { min-width: max-content; }
  td:not(.number) { max-width: 16rem; }
  table.stacked, .stacked tbody, .stacked caption { display: block; min-width: 0; }
  .stacked thead { display: none; }
  .stacked tr { display: flex; flex-wrap: wrap; gap: 0 0.8rem; padding: 0.4rem 0; border-bottom: 1px solid #d5dae1; }
  .stacked td, .stacked td:not(.number) { border: 0; padding: 0; max-width: 100%; }
}
@page { size: A4; margin: 17mm 15mm 18mm; }
@media print {
  :root { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html { font-size: 10pt; }
  body { max-width: none; padding: 0; font-size: 9.5pt; line-height: 1.4; color: #000; }
  nav { break-after: avoid; }
  section { break-before: page; }
  section:first-of-type { break-before: auto; }
  h1, h2, h3, h3 + p, figcaption, caption { break-after: avoid; }
  h2 { margin-top: 0; border-color: #000; }
  p, li { orphans: 3; widows: 3; }
  a { color: #000; text-decoration: underline; }
  .note, dt, caption, thead th { color: #333; }
  .wide, .drawing { overflow: visible; }
  table { font-size: 8pt; }
  thead { display: table-header-group; break-after: avoid; }
  tbody tr:nth-child(-n + 2) { break-before: avoid; }
  tr, figure, dl, .warning { break-inside: avoid; }
  th, td { padding: 0.18rem 0.6rem 0.18rem 0; }
  tbody th { break-after: avoid; }
}
</style>""")
