// SPDX-License-Identifier: MIT
//
// One web page (contract L12): the latest values of a host's cpu_load, and alerts as they come. It loads nothing from
// anywhere else, and shows what it is told as text alone.
#include "core/api/api_routes.h"

#include "core/api/problem.h"

namespace eventops::api {
namespace {

constexpr std::string_view PageHtml = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>EventOps</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<header><h1>EventOps</h1><span id="state"></span><a href="/docs">API</a></header>
<main>
<section id="signin" hidden>
<h2>Sign in</h2>
<p>Paste a token of the workspace's file <code>api_tokens</code>. It is sent to this server alone.</p>
<form id="token-form"><label>Token <input id="token" type="password" autocomplete="off" required></label>
<button>Sign in</button></form>
<p class="wrong" id="token-wrong" role="alert"></p>
</section>
<section>
<h2>Latest CPU Metrics</h2>
<form id="cpu-form"><label>Tenant <input id="tenant" placeholder="all"></label>
<label>Host <input id="host" placeholder="all"></label><button>Load</button></form>
<p class="wrong" id="cpu-wrong" role="alert"></p>
<table><thead><tr><th>Time</th><th class="number">Value</th><th>Unit</th><th>Tags</th></tr></thead>
<tbody id="cpu-rows"></tbody></table>
</section>
<section>
<h2>Live Alerts (SSE)</h2>
<button id="connect">Connect</button> <span id="stream-state">not connected</span>
<ol id="alerts"></ol>
</section>
</main>
</body>
</html>
)html";

constexpr std::string_view PageCss = R"css(
:root{color-scheme:light dark;--line:#8884;--soft:#777}
body{font:15px/1.5 system-ui,sans-serif;margin:0}
header{display:flex;gap:1em;align-items:baseline;padding:.6em 1.5em;border-bottom:1px solid var(--line)}
a{color:#0969da}
header h1{font-size:1.2em;margin:0;flex:1}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(22em,1fr));gap:1em;padding:1.5em;max-width:80em}
section{border:1px solid var(--line);border-radius:8px;padding:1em 1.2em;min-width:0}
section[hidden]{display:none}
h2{font-size:1em;margin:0 0 .8em}
form{display:flex;flex-wrap:wrap;gap:.6em;align-items:end}
label{display:flex;flex-direction:column;font-size:.85em;color:var(--soft)}
input,button{font:inherit;padding:.3em .6em}
table{border-collapse:collapse;width:100%;margin-top:.8em;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.2em .8em .2em 0;border-bottom:1px solid var(--line);vertical-align:top}
th,td{white-space:nowrap}
td:last-child{white-space:normal;overflow-wrap:anywhere;width:99%;color:var(--soft)}
th.number,td.number{text-align:right}
ol{list-style:none;padding:0;margin:.8em 0 0}
li{padding:.4em 0;white-space:pre-wrap;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
li b{margin-right:.6em}
.critical{color:#c4122f}.warning{color:#9a5b00}
.wrong{color:#c4122f;margin:.4em 0 0}.wrong:empty{display:none}
#stream-state,#state{color:var(--soft)}
@media(prefers-color-scheme:dark){a{color:#58a6ff}.wrong,.critical{color:#ff7a8a}.warning{color:#ffb454}}
)css";

constexpr std::string_view PageJs = R"js('use strict';
const at = id => document.getElementById(id);
const RowsShown = 20, AlertsShown = 100;

// What the server says is wrong, for people.
async function explain(response) {
  try { const p = await response.json(); return p.detail + (p.remedy ? ': ' + p.remedy : ''); }
  catch { return 'the server answered ' + response.status; }
}
function cell(row, text, name) {
  const td = document.createElement('td');
  td.textContent = text;
  if (name) td.className = name;
  row.append(td);
}
async function loadMetrics() {
  at('cpu-wrong').textContent = '';
  const query = new URLSearchParams();
  for (const name of ['tenant', 'host']) if (at(name).value) query.set(name, at(name).value);
  let response;
  try { response = await fetch('/metrics/cpu?' + query); }
  catch { at('cpu-wrong').textContent = 'the server cannot be reached'; return; }
  at('signin').hidden = response.status !== 401;
  if (!response.ok) { at('cpu-wrong').textContent = await explain(response); return; }
  const rows = await response.json();
  at('cpu-rows').replaceChildren(...rows.slice(0, RowsShown).map(value => {
    const row = document.createElement('tr');
    cell(row, value.ts);
    cell(row, value.value, 'number');
    cell(row, value.unit);
    cell(row, Object.entries(value.tags).map(pair => pair.join('=')).join(' '));
    return row;
  }));
  if (!rows.length) at('cpu-wrong').textContent = 'no values of cpu_load are stored for this tenant and host';
}
let stream = null;
function connect() {
  if (stream) {
    stream.close();
    stream = null;
    at('connect').textContent = 'Connect';
    at('stream-state').textContent = 'not connected';
    return;
  }
  stream = new EventSource('/alerts/stream'); // comes back by itself, behind the last id it saw
  at('connect').textContent = 'Disconnect';
  at('stream-state').textContent = 'connecting';
  stream.onopen = () => { at('stream-state').textContent = 'connected'; };
  stream.onerror = () => {
    at('stream-state').textContent = stream.readyState === EventSource.CLOSED ? 'refused: sign in' : 'connecting again';
    if (stream.readyState !== EventSource.CLOSED) return;
    stream = null;
    at('connect').textContent = 'Connect';
    loadMetrics(); // shows the sign-in where that is what is missing
  };
  stream.onmessage = message => {
    let alert;
    try { alert = JSON.parse(message.data); } catch { alert = {message: message.data}; }
    const item = document.createElement('li');
    const severity = document.createElement('b');
    severity.textContent = alert.severity ?? 'alert';
    severity.className = String(alert.severity ?? '').toLowerCase();
    const about = [alert.tenant, alert.source_id].filter(part => part).join(' / ');
    item.append(severity, [alert.ts, about, alert.message].filter(part => part).join('  '));
    at('alerts').prepend(item);
    while (at('alerts').children.length > AlertsShown) at('alerts').lastChild.remove();
  };
}
at('cpu-form').onsubmit = event => { event.preventDefault(); loadMetrics(); };
at('connect').onclick = connect;
at('token-form').onsubmit = async event => {
  event.preventDefault();
  const response = await fetch('/api/v1/session',
                               {method: 'POST', headers: {Authorization: 'Bearer ' + at('token').value}});
  at('token').value = '';
  at('token-wrong').textContent = response.ok ? '' : await explain(response);
  if (response.ok) loadMetrics();
};
loadMetrics();
)js";

Route filePath(std::string_view path, std::string_view summary, std::string_view type, std::string_view text)
{
    return {"GET", path, RouteAccess::Public, summary, type, {}, {}, [type, text](const ApiCall &call) {
                HttpResponse response;
                response.contentType = std::string(type) + "; charset=utf-8";
                response.headers.push_back({"Content-Security-Policy",
                                            "default-src 'none'; script-src 'self'; style-src 'self'; "
                                            "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                            "frame-ancestors 'none'"});
                response.body = text;
                call.exchange->respond(std::move(response));
            }};
}

} // namespace

void addPageRoutes(Router &router, Access &access)
{
    router.add(filePath("/", "A web page: latest CPU metrics and live alerts.", "text/html", PageHtml));
    router.add(filePath("/page.js", "Its script.", "text/javascript", PageJs));
    router.add(filePath("/page.css", "Its style.", "text/css", PageCss));
    router.add({"POST",
                "/api/v1/session",
                RouteAccess::Token,
                "Gives a browser a cookie in place of the token, good for twelve hours and for GET alone: an "
                "EventSource can send no header.",
                "application/json",
                {},
                {},
                [&access](const ApiCall &call) {
                    auto cookie = access.sessions().open(call.caller);
                    if (!cookie)
                        return call.exchange->respond(problem(cookie.error()));
                    HttpResponse response;
                    response.headers.push_back({"Set-Cookie", std::move(cookie).value()});
                    response.body = "{}\n";
                    call.exchange->respond(std::move(response));
                }});
}

} // namespace eventops::api
