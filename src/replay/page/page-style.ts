// The style sheet of the page: light and dark, from a phone's width upwards, without any file.

import { Markup } from "./markup.ts";

/** Colours of the traders are told apart by people who see fewer of them; lines differ too. */
const COLORS = `
:root{color-scheme:light dark;--page:#fbfaf7;--card:#fff;--ink:#1c2127;--soft:#59626d;
--rule:#dcdfe3;--hold:#6f7781;--static:#b06a00;--naive:#b0417f;--driftkeel:#0067b3;--bear:#d9480f2e;
--sideways:#868e9633;--alert:#b27300;--kept:#1d7f3c;--undone:#c92a2a}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2026;--ink:#e8eaed;--soft:#a4adb8;
--rule:#363c45;--hold:#a7afb9;--static:#f0a63a;--naive:#ee8fc4;--driftkeel:#5db4f5;--bear:#ff6b3530;
--sideways:#adb5bd26;--alert:#f2b84b;--kept:#5fce80;--undone:#ff8787}}
`;

const TEXT = `
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1,p{overflow-wrap:anywhere}
h1{font-size:2rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.2rem;margin:0 0 .25rem}
p{margin:0 0 .75rem;max-width:48rem}
.note,small,figcaption p,footer,.tiles span{color:var(--soft);font-size:.875rem}
section,figure,.tiles li{background:var(--card);border:1px solid var(--rule);border-radius:.6rem}
section,figure{margin:0 0 1.25rem;padding:1.25rem}
code{font:.8125rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--driftkeel);outline-offset:2px}
ul,ol{list-style:none;margin:0;padding:0}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem;margin:1.25rem 0}
.tiles li{padding:.75rem 1rem;border-top:4px solid var(--tone)}
.tiles b{display:block;font-size:1.6rem;line-height:1.3;font-variant-numeric:tabular-nums}
.tiles em{font-style:normal;font-weight:600}
.hold{--tone:var(--hold)}.static{--tone:var(--static)}
.naive{--tone:var(--naive)}.driftkeel{--tone:var(--driftkeel)}
.alert{--tone:var(--alert)}.kept{--tone:var(--kept)}.undone{--tone:var(--undone)}
`;

const TABLE = `
.scroll{overflow-x:auto;margin-bottom:.75rem}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .5rem;text-align:right;font-weight:400;border-top:1px solid var(--rule)}
th:first-child{text-align:left}
thead th{color:var(--soft);font-size:.875rem;border-top:0;vertical-align:bottom}
.regime th{padding-top:1rem}
.regime span{display:block;color:var(--soft);font-size:.875rem}
tbody .driftkeel{font-weight:600}
tr.driftkeel th,tr.naive th,tr.static th,tr.hold th{font-weight:inherit;
border-left:4px solid var(--tone)}
td.loss{color:var(--undone)}
.decisions li{display:grid;grid-template-columns:6rem 6.5rem 1fr;gap:.25rem .75rem;padding:.5rem 0;
border-top:1px solid var(--rule)}
time,dl{font-variant-numeric:tabular-nums}
.tag{justify-self:start;align-self:start;color:var(--tone);font-size:.8125rem;font-weight:600;
border:1px solid;border-radius:1rem;padding:0 .5rem;white-space:nowrap}
td .tag{border:0;padding:0}
small{display:block}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:0 2rem;
margin:0 0 1rem}
dl div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--rule)}
dd{margin:0}
summary{cursor:pointer;padding:.25rem 0}
details .scroll{max-height:24rem;overflow:auto}
`;

const PLOT = `
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0 0 .5rem;padding:0;border:0;
font-size:.875rem}
fieldset legend{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.legend li,.legend label{display:inline-flex;align-items:center;gap:.4rem}
.legend input{margin:0;accent-color:var(--driftkeel)}
.frame{display:grid;grid-template:20rem 1.5rem/3.25rem 1fr;margin-top:.75rem}
.frame svg{width:100%;height:100%;display:block;overflow:visible}
.swatch{width:1.5rem;height:.75rem;flex:none}
.y,.x{position:relative;color:var(--soft);font-size:.75rem;font-variant-numeric:tabular-nums}
.y span{position:absolute;right:.5rem;transform:translateY(-50%);line-height:1}
.x{grid-column:2}
.x span{position:absolute;top:.3rem;transform:translateX(-50%);white-space:nowrap}
path{fill:none;vector-effect:non-scaling-stroke}
.grid{stroke:var(--rule)}.origin{stroke:var(--soft)}
.band{stroke:none}.swatch .band{stroke-width:12}
.band.bear{fill:var(--bear);--tone:var(--bear)}
.band.sideways{fill:var(--sideways);--tone:var(--sideways)}.band.bull{--tone:transparent}
.swatch .band{stroke:var(--tone)}
.swatch:has(.bull){outline:1px solid var(--rule)}
.line,.mark,.stem,.head{stroke:var(--tone);stroke-width:1.5;stroke-linejoin:round}
.line.driftkeel{stroke-width:2.25}.line.fine{stroke-width:1.25}
.line.static{stroke-dasharray:6 3}.line.naive{stroke-dasharray:2 2}
.mark{stroke-width:1.25}.swatch .mark{stroke-width:8;stroke-dasharray:1.5 3}
.stem{opacity:.75}
.head{stroke-width:5;stroke-linecap:round}.head.undone{stroke-width:3.5;stroke-linecap:square}
.swatch .head{stroke-width:8;stroke-dasharray:0 30;stroke-dashoffset:-11}
.swatch .head.undone{stroke-width:6}
#equity:has(#show-hold:not(:checked)) .frame .hold,
#equity:has(#show-static:not(:checked)) .frame .static,
#equity:has(#show-naive:not(:checked)) .frame .naive,
#equity:has(#show-driftkeel:not(:checked)) .frame .driftkeel{display:none}
`;

const PHONE = `
@media (max-width:40rem){
main,header,footer{padding-left:.75rem;padding-right:.75rem}
header{padding-top:1.25rem}h1{font-size:1.5rem}
section,figure{padding:.9rem .75rem}
.tiles{grid-template-columns:1fr 1fr;gap:.5rem}
th,td{padding:.3rem .15rem;font-size:.75rem}thead th{font-size:.75rem}
.regime th{font-size:1rem}
.decisions li{grid-template-columns:auto 1fr}.decisions span{grid-column:1/-1}
.frame{grid-template:15rem 1.5rem/2.75rem 1fr}.y span{right:.35rem}
.x span:nth-child(even){display:none}
}
@media print{section,figure{break-inside:avoid}}
`;

/** The text of the style sheet. */
export const PAGE_STYLE = new Markup(COLORS + TEXT + TABLE + PLOT + PHONE);
