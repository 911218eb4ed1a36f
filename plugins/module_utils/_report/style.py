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
    "on": "#ffffff",
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
    "on": "#12161b",
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
h2 button{all:unset;cursor:pointer;display:block;width:100%}
h2 button:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h3,caption{font-size:.95rem;font-weight:600;line-height:1.4}
.eyebrow{color:var(--soft);font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase}
.soft{color:var(--soft)}
.meta{margin-top:.4rem;color:var(--soft);overflow-wrap:anywhere}
.headline{margin-top:1rem;max-width:60rem;font-size:1.15rem;line-height:1.45;font-weight:600;overflow-wrap:anywhere}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.miss{display:none!important}
a{color:var(--link)}
.n a,td a,tbody th a{text-decoration:underline;text-decoration-color:var(--line);text-underline-offset:.2em}
td a:hover,tbody th a:hover{text-decoration-color:currentColor}
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
.filter label{display:block;font-size:.82rem;font-weight:600;color:var(--soft)}
.filter input{width:100%;margin-top:.2rem;padding:.4rem .6rem;font:inherit;font-weight:400;color:var(--ink);
background:var(--card);border:1px solid var(--soft);border-radius:8px}
.filter p{min-height:1.3rem;margin:.2rem 0 .5rem;font-size:.82rem;color:var(--soft)}
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
.groups{padding:0;list-style:none}
h3 span{font-weight:400;color:var(--soft)}
.groups>li{border-bottom:1px solid var(--line)}
.groups>li:last-child{border-bottom:0}
.groups summary{display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;padding:.5rem 0;color:var(--ink);font-size:.92rem}
.groups summary::before{content:"\\25b8";flex:0 0 .7rem;margin-right:-.6rem;color:var(--soft)}
.groups details[open]>summary::before{content:"\\25be"}
.groups summary::-webkit-details-marker{display:none}
.groups summary>span:first-child{flex:1 1 12rem;min-width:0}
.groups summary .num{flex:0 0 auto;min-width:5.5rem}
.groups small{display:block;color:var(--soft);font-size:.82rem}
.groups details>p{font-size:.85rem;color:var(--soft);overflow-wrap:anywhere}
.groups details>p,.groups details>table{margin-left:1.35rem}
.groups details>table{width:calc(100% - 1.35rem);margin-bottom:.8rem}
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
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;margin:.1rem 0 .6rem}
.map,.map ul{margin:0;padding:0;list-style:none}
.map{position:relative;overflow:hidden;border-radius:6px}
.map .box,.map .head{position:absolute;overflow:hidden;box-shadow:inset 0 0 0 1px var(--card)}
.map .box{background:var(--bar);color:var(--on);border-radius:2px;font-size:.8rem;line-height:1.25}
.map .planned{background:linear-gradient(to top,var(--delete) var(--cut,0%),var(--keep) var(--cut,0%))}
.map .head{background:var(--track);font-size:.78rem;line-height:22px;border-radius:2px}
.map .box>b,.map .box>small{display:block;margin:0 .35rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.map .box>b{margin-top:.15rem;font-weight:600}
.map .n{white-space:pre}
.map .head{display:flex;white-space:nowrap;container-type:inline-size}
.map .head>*{flex:0 1 auto;min-width:0;overflow:hidden;text-overflow:ellipsis}
.map .head>:first-child{margin-left:.4rem}
.map .head i{flex-shrink:99;font-style:normal}
.map .head b{flex-shrink:0;max-width:calc(100% - .4rem);font-weight:600}
.map .head span{flex-shrink:9999;margin-left:.4rem;color:var(--soft)}
@container (max-width:9rem){.map .head :is(i,span){max-width:0}.map .head span{margin-left:0}}
.map .l0-w>*,.map .l1-w>small,.map .gone-w>*{opacity:0}
.plot{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.6rem;margin-top:1rem}
.ticks{display:flex;flex-direction:column;justify-content:space-between;height:176px;margin-top:-8px;
font-size:12px;line-height:16px;color:var(--soft);text-align:right;white-space:nowrap}
.plot svg{width:100%;height:184px}
.grid{stroke:var(--line);stroke-width:1}
.axis{fill:var(--soft);font-size:12px}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.88rem}
footer p{max-width:46rem}
footer p+p{margin-top:.4rem}

@media screen{
:root:not(.filtering) .short>tbody>tr:nth-child(n+11),:root:not(.filtering) .short>li:nth-child(n+11){display:none}
.filtering .more,.more.narrow{display:none}
}
@media screen and (min-width:72rem){
.body{display:grid;grid-template-columns:10.5rem minmax(0,1fr);gap:0 2.5rem}
.side{position:sticky;top:1.5rem;align-self:start}
nav{border-left:2px solid var(--line);padding-left:1rem}
nav ul{flex-direction:column;gap:.45rem}
main:only-child{grid-column:1/-1}
main>section:first-child,.filtering main>section:nth-child(1 of :not(.miss)){margin-top:0}
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
.cards:not(.sorts) thead{display:none}
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
.filter{margin-bottom:.6rem}
:root:not(.filtering) section.closed>:not(h2){display:none}
h2 button::before{content:"\\25be";display:inline-block;width:1.1rem;color:var(--soft);font-size:1rem}
.closed h2 button::before{content:"\\25b8"}
section.closed{margin-top:1rem;padding-top:1rem;border-top:1px solid var(--line)}
section:not(.closed)+section.closed{margin-top:2rem}
:root:not(.filtering) .cards:is(.short,.brief)>tbody>tr:nth-child(n+6),
:root:not(.filtering) .groups:is(.short,.brief)>li:nth-child(n+6){display:none}
:root:not(.filtering) .more.narrow{display:inline-block}
.groups summary .num{min-width:0}
.groups summary>span:first-child{flex-basis:100%}
.groups summary{position:relative;padding-left:1.35rem}
.groups summary::before{position:absolute;left:0;top:.5rem}
@container (max-width:9rem){.map .head :is(i,span){max-width:0}.map .head span{margin-left:0}}
.map .l0-w>*,.map .l1-w>small{opacity:1}
.map .l0-n>*,.map .l1-n>small,.map .gone-n>*{opacity:0}
.wide-only{display:none}
}
@media print{
@page{margin:14mm}
body{background:none;font-size:9.5pt}
.page{max-width:none;padding:0}
nav,.side,.more{display:none}
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
svg,.map *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
""")

STYLE = _SHEET.substitute(light=_variables(LIGHT), dark=_variables(DARK)).strip()
"""The style sheet, exactly as it stands in the page (its hash is in the page's policy)."""
