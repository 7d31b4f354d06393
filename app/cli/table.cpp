// SPDX-License-Identifier: MIT
#include "app/cli/table.h"

#include "app/cli/cli.h"
#include "core/base/time.h"

#include <cstdio>

namespace eventops::cli {
namespace {

std::string padded(std::string text, std::size_t width)
{
    if (text.size() < width)
        text.append(width - text.size(), ' ');
    return text;
}

} // namespace

void SqlRowPrinter::print(const SqlRow &row)
{
    m_line.clear();
    appendSqlRowJson(m_line, m_columns, row);
    std::fwrite(m_line.data(), 1, m_line.size(), stdout);
    std::fputc('\n', stdout);
}

std::string bitsText(double bits)
{
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.1f", bits > -0.05 && bits < 0.0 ? 0.0 : bits); // never "-0.0"
    return buffer;
}

std::string findingLine(const Finding &finding)
{
    std::string line = formatTimestamp(finding.ts) + "  "
        + padded(std::string(severityName(static_cast<std::uint8_t>(finding.severity))), 8) + "  "
        + padded(std::string(toString(finding.origin)), 7) + "  " + printable(finding.message);
    if (finding.bits > 0.0 && finding.message.find(" bits") == std::string::npos)
        line += "  (" + bitsText(finding.bits) + " bits)";
    if (finding.state != FindingState::Firing)
        line += "  [" + std::string(toString(finding.state)) + "]";
    return line;
}

std::string findingTerms(const Finding &finding, const std::string &indent)
{
    std::string out;
    for (const BitsTerm &term : finding.terms) {
        out += indent + bitsText(term.bits) + " bits " + printable(term.name) + ": ";
        if (term.observed.empty()) { // another view of what the term before it tells
            out += printable(term.context) + '\n';
            continue;
        }
        out += "saw " + printable(term.observed) + ", expected " + printable(term.expected) + " ("
             + printable(term.context) + ", " + std::to_string(term.samples) + " samples)\n";
    }
    return out;
}

std::string actionLine(const Action &action)
{
    return action.displayId() + "  " + padded(std::string(toString(action.state)), 9) + "  "
         + printable(action.suggestion.command) + " on " + printable(action.suggestion.entityId) + "  until "
         + formatTimestamp(action.suggestion.expiresAt);
}

std::string actionCard(const Action &action)
{
    const Suggestion &s = action.suggestion;
    std::string out;
    const auto row = [&](const char *name, const std::string &value) {
        if (!value.empty())
            out += padded(name, 12) + printable(value) + '\n';
    };
    row("action", action.displayId());
    row("state", std::string(toString(action.state)));
    row("command", s.command);
    row("arguments", s.args);
    row("target", s.entityType + " " + s.entityId + " of tenant " + s.tenant);
    row("why", s.reason);
    row("finding", s.findingId);
    row("policy", s.policy);
    row("proposed", formatTimestamp(s.proposedAt));
    row("expires", formatTimestamp(s.expiresAt));
    row("digest", action.digest);
    row("decided by", action.approver);
    row("reason", action.decisionReason);
    row("attempts", action.attempts > 0 ? std::to_string(action.attempts) : std::string());
    row("output", action.output);
    return out;
}

std::string csvCell(const std::string &name)
{
    const std::string text = printable(name);
    if (text.find_first_of(",\"") == std::string::npos)
        return text;
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"')
            out += c;
        out += c;
    }
    return out + '"';
}

} // namespace eventops::cli
