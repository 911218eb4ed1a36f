# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of the HTML report: its two palettes, and one style sheet for screen, phone and paper."""

from __future__ import annotations

from string import Template

LIGHT = {
    "page": "#f6f7f9",
    "card": "#ffffff",
    "ink": "#1b2530",
    "soft": "#566270",
    "line": "#dfe4e9",
    "track": "#e8ecf0",
    "bar": "#3a6ea5",
    "keep": "#3d7f77",
    "delete": "#b5482a",
    "link": "#2a5d94",
}
DARK = {
    "page": "#12161b",
    "card": "#1a2027",
    "ink": "#e4e9ee",
    "soft": "#9fabb8",
    "line": "#2d3640",
    "track": "#2a333d",
    "bar": "#6ea3d8",
    "keep": "#5fb3a8",
    "delete": "#e8865f",
    "link": "#8cbcec",
}


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


_SHEET = Template("""
:root{color-scheme:light;$light}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;$dark}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Open Sans",Ubuntu,Cantarell,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.page{max-width:78rem;margin:0 auto;padding:2rem 1.5rem 3rem}
h1,h2,h3,p,ul,dl,dd,figure{margin:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;letter-spacing:-.01em}
h3,caption{font-size:.95rem;font-weight:600;line-height:1.4}
.eyebrow{color:var(--soft);font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase}
.soft{color:var(--soft)}
.meta{margin-top:.4rem;color:var(--soft);overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.n{overflow-wrap:anywhere;unicode-bidi:isolate;white-space:pre-wrap}

.figures{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.75rem;margin:1.5rem 0 0}
.figures.of-5{grid-template-columns:repeat(5,minmax(0,1fr))}
.figures.of-6{grid-template-columns:repeat(3,minmax(0,1fr))}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem .85rem}
.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{font-size:1.6rem;font-weight:650;line-height:1.25;letter-spacing:-.02em}
.figures .note{font-size:.82rem;font-weight:400;letter-spacing:0;color:var(--soft);line-height:1.4}
.figures .delete dd:not(.note){color:var(--delete)}

.body{margin-top:2rem}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;list-style:none}
nav a{text-decoration:none;font-size:.92rem}
nav a:hover{text-decoration:underline}
section{margin-top:2.5rem}
section>p{margin-top:.3rem;max-width:46rem;color:var(--soft)}
.panel{margin-top:1rem;padding:1rem 1.25rem 1.1rem;background:var(--card);border:1px solid var(--line);
border-radius:10px;min-width:0}
.pair{display:grid;grid-template-columns:minmax(0,1fr);gap:0 1rem;align-items:start}

table{width:100%;border-collapse:collapse}
caption{text-align:left;padding-bottom:.5rem}
caption span{font-weight:400;color:var(--soft)}
th{font-size:.82rem;font-weight:600;color:var(--soft);text-align:left;vertical-align:bottom;
border-bottom:1px solid var(--line);padding:.25rem 1rem .35rem 0}
td,tbody th{font-size:.92rem;font-weight:400;color:var(--ink);text-align:left;vertical-align:top;
border-bottom:1px solid var(--line);padding:.42rem 1rem .42rem 0}
tbody tr:last-child>*{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}
.day,.type .t{white-space:nowrap}
.type{min-width:5rem}
.main{min-width:11rem}
.where{min-width:10rem}
.rule{min-width:6.5rem}
td small,th small{display:block;color:var(--soft);font-size:.82rem}
th button{all:unset;cursor:pointer;color:inherit;font:inherit}
th button:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
th button:hover{color:var(--ink)}
th button::after,th.num button::before{content:"";display:inline-block;width:.95em;text-align:right}
th.num button::before{text-align:left}
th.num button::after{display:none}
th[aria-sort] button{color:var(--ink)}
th[aria-sort=ascending] button::after,th.num[aria-sort=ascending] button::before{content:"\\2191"}
th[aria-sort=descending] button::after,th.num[aria-sort=descending] button::before{content:"\\2193"}
.more{all:unset;cursor:pointer;display:inline-block;margin-top:.6rem;color:var(--link);font-size:.9rem}
.more:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
.more:hover,summary:hover{text-decoration:underline}
.count{margin-top:.5rem;color:var(--soft);font-size:.85rem}
summary{cursor:pointer;color:var(--link);font-size:.9rem}
details table{margin-top:.5rem}

svg{display:block;overflow:hidden}
.share{width:34%;min-width:9rem}
.measure{display:flex;align-items:center;gap:.6rem;min-height:1.4rem}
.measure svg{flex:1 1 auto;width:100%;height:10px}
.measure span{flex:0 0 3.3rem;text-align:right;white-space:nowrap}
.f-track{fill:var(--track)}
.f-bar{fill:var(--bar)}
.area{shape-rendering:crispEdges}
.f-keep{fill:var(--keep)}
.f-delete{fill:var(--delete)}
.split{margin-top:.9rem}
.split:first-child{margin-top:0}
.split figcaption{display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;align-items:baseline;margin-bottom:.35rem}
.split figcaption b{font-size:.95rem;font-weight:600;margin-right:auto}
.split svg{width:100%;height:22px}
.key{display:inline-flex;align-items:center;gap:.4rem;font-size:.92rem}
.key svg{width:10px;height:10px;flex:none}
.plot{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.6rem;margin-top:1rem}
.ticks{display:flex;flex-direction:column;justify-content:space-between;height:176px;margin-top:-8px;
font-size:12px;line-height:16px;color:var(--soft);text-align:right;white-space:nowrap}
.plot svg{width:100%;height:184px}
.grid{stroke:var(--line);stroke-width:1}
.axis{fill:var(--soft);font-size:12px}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.88rem}
footer p{max-width:46rem}
footer p+p{margin-top:.4rem}

@media screen{table.short tbody tr:nth-child(n+11){display:none}}
@media screen and (min-width:72rem){
.body{display:grid;grid-template-columns:10.5rem minmax(0,1fr);gap:0 2.5rem}
nav{position:sticky;top:1.5rem;align-self:start;border-left:2px solid var(--line);padding-left:1rem}
nav ul{flex-direction:column;gap:.45rem}
main:only-child{grid-column:1/-1}
main>section:first-child{margin-top:0}
.figures.of-6{grid-template-columns:repeat(6,minmax(0,1fr))}
.pair{grid-template-columns:repeat(2,minmax(0,1fr))}
.pair.wide{grid-template-columns:minmax(0,1fr)}
}
@media screen and (max-width:56rem){
.page{padding:1.25rem 1rem 2rem}
h1{font-size:1.45rem}
.figures,.figures.of-5,.figures.of-6{grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem}
.figures div{padding:.65rem .8rem .7rem}
.figures dd{font-size:1.3rem}
.panel{padding:.9rem .9rem 1rem}
.cards,.cards tbody,.cards caption{display:block}
.cards thead{display:block;border-bottom:1px solid var(--line)}
.cards thead tr{display:flex;flex-wrap:wrap;gap:.15rem .9rem;padding-bottom:.4rem}
.cards thead th{border:0;padding:.15rem 0;text-align:left}
.cards thead th.share{display:none}
.cards.sorts thead tr::before{content:"Sort by";color:var(--soft);font-size:.82rem;padding:.15rem 0}
th button::after,th.num button::after{display:inline-block;width:.9em}
th.num button::before{display:none}
th.num[aria-sort=ascending] button::after{content:"\\2191"}
th.num[aria-sort=descending] button::after{content:"\\2193"}
.cards tbody tr{display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:.55rem 0;border-bottom:1px solid var(--line)}
.cards tbody tr:last-child{border-bottom:0}
.cards tbody td,.cards tbody th{border:0;padding:0;text-align:left;width:auto;min-width:0;max-width:100%}
.cards tbody .main,.cards tbody .share,.cards tbody .where,.cards tbody .reason{flex:1 0 100%}
.cards tbody .main{font-weight:600}
.cards tbody .main small{font-weight:400}
.cards tbody [data-label]::before{content:attr(data-label) " ";color:var(--soft);font-size:.82rem}
.cards.short tbody tr:nth-child(n+11){display:none}
.wide-only{display:none}
}
@media print{
@page{margin:14mm}
body{background:none;font-size:9.5pt}
.page{max-width:none;padding:0}
nav,.more{display:none}
td,tbody th{font-size:8.5pt;padding:.3rem .6rem .3rem 0}
th{font-size:8pt;padding-right:.6rem}
th button::before,th button::after,th.num button::before{display:none}
.main{min-width:8.5rem}
.where{min-width:7.5rem}
.rule{min-width:4.5rem}
.share{min-width:8rem}
.panel,.figures div{border-color:#cbd2d9;break-inside:auto}
section{margin-top:1.4rem}
h2,caption,summary{break-after:avoid}
tr,figure,.figures div{break-inside:avoid}
thead{display:table-header-group}
svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
""")

STYLE = _SHEET.substitute(light=_variables(LIGHT), dark=_variables(DARK)).strip()
"""The style sheet, exactly as it stands in the page (its hash is in the page's policy)."""
