// SPDX-License-Identifier: MIT
#include "tests/tour/tour.h"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace eventops::tour {
namespace {

constexpr std::string_view BlockMark = "<!-- tour -->";
constexpr std::string_view BeginMark = "@@tour begin";
constexpr std::string_view EndMark = "@@tour end ";
constexpr std::string_view AnyText = "…";

std::string_view withoutTrailingSpace(std::string_view text)
{
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

/// The line that ends what a command reads from its own text (`<<EOF`, `<<'EOF'`); empty: it reads nothing so.
std::string hereDocumentEnd(std::string_view command)
{
    const std::size_t at = command.find("<<");
    if (at == std::string_view::npos)
        return {};
    std::string word(command.substr(at + 2));
    std::erase(word, '\'');
    return word;
}

/// `…` matches any text, everything else itself.
bool lineMatches(std::string_view pattern, std::string_view text)
{
    pattern = withoutTrailingSpace(pattern);
    text = withoutTrailingSpace(text);
    std::size_t wild = pattern.find(AnyText);
    if (wild == std::string_view::npos)
        return pattern == text;
    if (text.substr(0, wild) != pattern.substr(0, wild))
        return false;
    text.remove_prefix(wild);
    pattern.remove_prefix(wild + AnyText.size());
    while ((wild = pattern.find(AnyText)) != std::string_view::npos) {
        const std::size_t at = text.find(pattern.substr(0, wild));
        if (at == std::string_view::npos)
            return false;
        text.remove_prefix(at + wild);
        pattern.remove_prefix(wild + AnyText.size());
    }
    return text.size() >= pattern.size() && text.substr(text.size() - pattern.size()) == pattern;
}

} // namespace

std::vector<Command> parse(const std::string &markdown)
{
    enum class Where { Outside, Marked, Inside } where = Where::Outside;
    std::vector<Command> commands;
    bool continued = false;
    std::string here; ///< What ends the text that the command reads.
    std::istringstream in(markdown);
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (where != Where::Inside) {
            if (line == BlockMark)
                where = Where::Marked;
            else if (where == Where::Marked && line == "```console")
                where = Where::Inside;
            else if (where == Where::Marked)
                where = Where::Outside;
        } else if (!here.empty()) {
            commands.back().text += "\n" + line;
            if (line == here)
                here.clear();
        } else if (line == "```") {
            where = Where::Outside;
            continued = false;
        } else if (continued) {
            commands.back().text += "\n" + line;
            continued = line.ends_with('\\');
        } else if (line.starts_with("$ ")) {
            commands.push_back({number, line.substr(2), {}});
            here = hereDocumentEnd(line);
            continued = line.ends_with('\\');
        } else if (!commands.empty()) {
            commands.back().expected.push_back(line);
        }
    }
    return commands;
}

std::string difference(const std::vector<std::string> &expected, const std::vector<std::string> &actual)
{
    if (expected.empty())
        return {};
    // Greedy with one step back to the last `...`, as in matching file names.
    std::size_t e = 0;
    std::size_t a = 0;
    std::size_t star = std::string::npos;
    std::size_t starActual = 0;
    std::size_t furthest = 0;
    while (a < actual.size()) {
        if (e < expected.size() && expected[e] == "...") {
            star = e++;
            starActual = a;
        } else if (e < expected.size() && lineMatches(expected[e], actual[a])) {
            furthest = std::max(furthest, ++e);
            ++a;
        } else if (star != std::string::npos) {
            e = star + 1;
            a = ++starActual;
        } else {
            return e < expected.size() ? "expected '" + expected[e] + "', saw '" + actual[a] + "'"
                                       : "expected no more, saw '" + actual[a] + "'";
        }
    }
    while (e < expected.size() && expected[e] == "...")
        ++e;
    if (e == expected.size())
        return {};
    return "did not see '" + expected[std::max(e, std::min(furthest, expected.size() - 1))] + "'";
}

std::string script(const std::vector<Command> &commands)
{
    std::string text = "exec 2>&1\n";
    for (const Command &command : commands) {
        text +=
            "echo '" + std::string(BeginMark) + "'\n" + command.text + "\necho \"\n" + std::string(EndMark) + "$?\"\n";
    }
    return text;
}

std::vector<Outcome> parseOutput(const std::string &text, std::size_t commands)
{
    std::vector<Outcome> outcomes;
    bool inside = false;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (line == BeginMark) {
            outcomes.emplace_back();
            inside = true;
        } else if (inside && line.starts_with(EndMark)) {
            outcomes.back().status = std::stoi(line.substr(EndMark.size()));
            inside = false;
            // The end mark starts a line of its own: an empty line before it is ours.
            if (!outcomes.back().output.empty() && outcomes.back().output.back().empty())
                outcomes.back().output.pop_back();
        } else if (inside) {
            outcomes.back().output.push_back(line);
        }
    }
    outcomes.resize(commands);
    return outcomes;
}

} // namespace eventops::tour
