// SPDX-License-Identifier: MIT
#include "tests/architecture/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string_view>

namespace eventops::architecture {
namespace {

namespace fs = std::filesystem;

constexpr std::array Folders{"app", "core", "pipelines", "qml", "tests", "widgets"};

/// What each folder may include besides itself, core/base and core/model. Exact, not transitive. `app` and `tests`
/// may include everything but `app`, which only the window's own tests include.
const std::map<std::string, std::set<std::string>> &arrows()
{
    static const std::map<std::string, std::set<std::string>> table{
        {"core/base", {}},
        {"core/model", {}},
        {"core/yaml", {}},
        {"core/script", {}},
        // The tables of formats are YAML.
        {"core/codec", {"core/yaml"}},
        {"core/pipeline", {}},
        // A sink's filter is checked where the pipeline is.
        {"core/config", {"core/codec", "core/filter", "core/pipeline", "core/yaml"}},
        {"core/filter", {}},
        {"core/entropy", {"core/filter"}},
        {"core/graph", {"core/filter"}},
        {"core/actions", {"core/filter"}},
        {"core/store", {"core/filter", "core/codec", "core/pipeline"}},
        {"core/lake", {"core/filter", "core/codec", "core/pipeline"}},
        {"core/kafka", {"core/filter", "core/codec", "core/pipeline"}},
        // Whose messages say what there is to transform, in a codec's words; one of its queues is a Kafka.
        {"core/queue", {"core/codec", "core/kafka"}},
        {"core/session",
         {"core/script", "core/codec", "core/pipeline", "core/yaml", "core/config", "core/filter", "core/entropy",
          "core/graph", "core/actions", "core/store", "core/lake", "core/kafka", "core/queue"}},
        // A member of a consumer group: the pipeline's runner between Kafka's topics, where Kafka is what a ledger is
        // elsewhere. It writes what a workspace's feed writes, hence core/session.
        {"core/group", {"core/session", "core/config", "core/codec", "core/pipeline", "core/kafka"}},
        // What both ends of an attached console say to each other: a third folder, so that neither knows the other.
        {"core/wire", {"core/session"}},
        // A page of events is filtered place by place; API descriptions that are mounted, and settings, are YAML.
        {"core/api", {"core/session", "core/yaml", "core/config", "core/codec", "core/filter", "core/wire"}},
        {"core/remote", {"core/session", "core/codec", "core/kafka", "core/wire"}},
        {"core/viewmodel", {"core/session"}},
        {"widgets", {"core/viewmodel"}},
        {"qml", {"core/viewmodel"}},
        // core/kafka: the source reads with the client that the sinks of the session write with.
        {"pipelines",
         {"core/filter", "core/codec", "core/pipeline", "core/entropy", "core/graph", "core/actions", "core/kafka"}},
    };
    return table;
}

std::string folderOf(std::string_view path)
{
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos)
        return {};
    if (path.substr(0, slash) != "core")
        return std::string(path.substr(0, slash));
    const std::size_t second = path.find('/', slash + 1);
    return std::string(second == std::string_view::npos ? path.substr(0, slash) : path.substr(0, second));
}

bool startsWith(std::string_view text, std::string_view prefix)
{
    return text.substr(0, prefix.size()) == prefix;
}

bool endsWith(std::string_view text, std::string_view suffix)
{
    return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

std::string at(const SourceFile &file, std::size_t line)
{
    return file.path + ":" + std::to_string(line + 1) + ": ";
}

bool isHeader(const SourceFile &file)
{
    return endsWith(file.path, ".h");
}

/// The name between the delimiters of an #include line; empty when it is none or uses the other delimiters.
std::string_view included(std::string_view line, char open, char close)
{
    line = trimmed(line);
    if (!startsWith(line, "#"))
        return {};
    line = trimmed(line.substr(1));
    if (!startsWith(line, "include"))
        return {};
    line = trimmed(line.substr(7));
    if (line.empty() || line.front() != open)
        return {};
    const std::size_t end = line.find(close, 1);
    return end == std::string_view::npos ? std::string_view{} : line.substr(1, end - 1);
}

bool isWordCharacter(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Position of @p word in @p line, ASCII case ignored, not continuing a word to its left; npos if there is none.
std::size_t findWord(std::string_view line, std::string_view word)
{
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    auto from = line.begin();
    while (true) {
        const auto found = std::search(from, line.end(), word.begin(), word.end(), same);
        if (found == line.end())
            return std::string_view::npos;
        if (found == line.begin() || !isWordCharacter(*(found - 1)))
            return static_cast<std::size_t>(found - line.begin());
        from = found + 1;
    }
}

std::size_t columns(std::string_view line)
{
    return static_cast<std::size_t>(std::count_if(
        line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::size_t indentation(std::string_view line)
{
    const std::size_t first = line.find_first_not_of(' ');
    return first == std::string_view::npos ? line.size() : first;
}

/// True when the line (or the one before a lone brace) opens the body of a function rather than of a type or namespace.
bool opensFunction(const std::vector<std::string> &lines, std::size_t i)
{
    const std::string_view line = trimmed(lines[i]);
    const auto isType = [](std::string_view head) {
        constexpr std::array<std::string_view, 6> words{"class ", "struct ",   "enum ",
                                                        "union ", "namespace", "extern \""};
        return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return startsWith(head, word); });
    };
    if (line == "{") {
        std::size_t before = i;
        while (before > 0 && trimmed(lines[before - 1]).empty())
            --before;
        if (before == 0)
            return false;
        // A class head may end in a base list on its own line.
        const std::string_view head = trimmed(lines[before - 1]);
        return !isType(head) && !startsWith(head, ": public") && !startsWith(head, "template") && !endsWith(head, ";")
               && !endsWith(head, "{") && !endsWith(head, "}");
    }
    if (!endsWith(line, "{") || line.find('(') == std::string_view::npos || isType(line))
        return false;
    return indentation(lines[i]) == 0 && !startsWith(line, "#") && line.find(" = ") == std::string_view::npos;
}

/// The type whose definition begins in line @p i at the left margin; empty when none does.
std::string definedType(const std::vector<std::string> &lines, std::size_t i)
{
    std::string_view line = lines[i];
    constexpr std::array<std::string_view, 5> words{"enum class ", "class ", "struct ", "union ", "enum "};
    const auto word = std::find_if(words.begin(), words.end(), [&](std::string_view w) { return startsWith(line, w); });
    if (word == words.end())
        return {};
    line.remove_prefix(word->size());
    const auto end = std::find_if_not(line.begin(), line.end(), isWordCharacter);
    const std::string name(line.begin(), end);
    // A declaration ends before a body begins; a specialisation or a nested type is not one of its own here.
    const std::string_view rest(end, line.end());
    const bool braceBelow =
        i + 1 < lines.size() && (startsWith(lines[i + 1], "{") || startsWith(lines[i + 1], "    :"));
    const bool defined = rest.find('{') != std::string_view::npos || braceBelow;
    return defined && !startsWith(rest, "<") && !startsWith(rest, "::") ? name : std::string();
}

} // namespace

std::vector<SourceFile> readTree(const fs::path &root)
{
    std::vector<SourceFile> files;
    for (const char *folder : Folders) {
        if (!fs::is_directory(root / folder))
            continue;
        for (const auto &entry : fs::recursive_directory_iterator(root / folder)) {
            const std::string extension = entry.path().extension().string();
            if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp" && extension != ".qml"))
                continue;
            SourceFile file;
            file.path = fs::relative(entry.path(), root).generic_string();
            file.folder = folderOf(file.path);
            std::ifstream in(entry.path(), std::ios::binary);
            for (std::string line; std::getline(in, line);)
                file.lines.push_back(line);
            files.push_back(std::move(file));
        }
    }
    std::sort(files.begin(), files.end(), [](const auto &a, const auto &b) { return a.path < b.path; });
    return files;
}

std::vector<std::string> checkArrows(const std::vector<SourceFile> &files)
{
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        const bool mayAll = file.folder == "app" || file.folder == "tests";
        const auto row = arrows().find(file.folder);
        if (!mayAll && row == arrows().end()) {
            breaches.push_back(file.path + ": the folder " + file.folder + " has no row in the table of arrows");
            continue;
        }
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string_view name = included(file.lines[i], '"', '"');
            if (name.empty() || endsWith(name, ".moc"))
                continue;
            const std::string to = folderOf(name);
            if (to.empty()) {
                breaches.push_back(at(file, i) + "includes \"" + std::string(name)
                                   + "\"; write the path from the root");
                continue;
            }
            if (to == file.folder)
                continue;
            const bool known = to == "app" || to == "tests" || to == "resources" || arrows().count(to) != 0;
            const bool allowed =
                (to != "app" || startsWith(file.path, "tests/widgets/")) && known // the whole window is tested as built
                && (file.folder == "tests" || (mayAll && to != "tests") || to == "core/base"
                    || (to == "core/model" && file.folder != "core/base") || (!mayAll && row->second.count(to) != 0));
            if (!allowed)
                breaches.push_back(at(file, i) + "includes " + to + ", which " + file.folder + " may not");
        }
    }
    return breaches;
}

std::vector<std::string> checkQtUse(const std::vector<SourceFile> &files)
{
    constexpr std::array<std::string_view, 10> gui{"QtGui/", "QtWidgets/", "QtQml/",  "QtQuick", "QtCharts/",
                                                   "QtSvg",  "QtOpenGL",   "QGuiApp", "QApplic", "QWidget"};
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        const bool window = file.folder == "widgets" || file.folder == "qml" || startsWith(file.path, "app/console/")
                            || startsWith(file.path, "tests/widgets/") || startsWith(file.path, "tests/bench/")
                            || startsWith(file.path, "tests/support/gui/");
        const bool qtCore = file.folder == "core/remote" || file.folder == "core/api" || file.folder == "core/viewmodel"
                            || file.folder == "app" || file.folder == "tests";
        if (window)
            continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            std::string_view name = included(file.lines[i], '<', '>');
            if (name.empty())
                name = included(file.lines[i], '"', '"');
            const bool qt = name.size() > 1 && name[0] == 'Q' && (name[1] == 't' || (name[1] >= 'A' && name[1] <= 'Z'));
            if (!qt)
                continue;
            const bool drawn =
                std::any_of(gui.begin(), gui.end(), [&](std::string_view g) { return startsWith(name, g); });
            if (drawn || !qtCore)
                breaches.push_back(at(file, i) + "uses Qt's " + std::string(name) + "; here is "
                                   + (qtCore ? "QtCore and network only" : "standard C++ only"));
        }
    }
    return breaches;
}

std::vector<std::string> checkSizes(const std::vector<SourceFile> &files)
{
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        if (file.lines.size() > FileLinesMax)
            breaches.push_back(file.path + ": has " + std::to_string(file.lines.size()) + " lines, more than "
                               + std::to_string(FileLinesMax));
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            // A wire sample of a test stays on one line, as it is on the wire.
            const bool sample = file.folder == "tests" && file.lines[i].find("R\"(") != std::string::npos;
            if (columns(file.lines[i]) > LineColumnsMax && !sample)
                breaches.push_back(at(file, i) + "has " + std::to_string(columns(file.lines[i]))
                                   + " columns, more than " + std::to_string(LineColumnsMax));
            if (endsWith(file.path, ".qml") || !opensFunction(file.lines, i))
                continue;
            const std::size_t depth = indentation(file.lines[i]);
            for (std::size_t end = i + 1; end < file.lines.size(); ++end) {
                if (indentation(file.lines[end]) != depth || !startsWith(trimmed(file.lines[end]), "}"))
                    continue;
                if (end - i - 1 > FunctionLinesMax)
                    breaches.push_back(at(file, i) + "opens a function of " + std::to_string(end - i - 1)
                                       + " lines, more than " + std::to_string(FunctionLinesMax));
                break;
            }
        }
    }
    return breaches;
}

std::vector<std::string> checkWords(const std::vector<SourceFile> &files)
{
    // Written in two halves, or this file would break its own rule.
    struct Banned {
        std::string_view word;
        std::string_view instead;
    };
    constexpr std::array<Banned, 5> banned{{
        {"FIX"
         "ME",
         "mend it, or open an issue"},
        {"TO"
         "DO",
         "do it, or open an issue"},
        {"sleep"
         "_for",
         "wait for what you wait for: a condition variable, a deadline on a clock"},
        {"usleep"
         "(",
         "wait for what you wait for: a condition variable, a deadline on a clock"},
        {"using namespace"
         " std",
         "name what you use"},
    }};
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            for (const Banned &b : banned) {
                if (file.lines[i].find(b.word) != std::string::npos)
                    breaches.push_back(at(file, i) + "says " + std::string(b.word) + "; " + std::string(b.instead));
            }
        }
    }
    return breaches;
}

std::vector<std::string> checkHeads(const std::vector<SourceFile> &files)
{
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        if (file.lines.empty() || file.lines.front() != "// SPDX-License-Identifier: MIT")
            breaches.push_back(file.path + ": does not begin with '// SPDX-License-Identifier: MIT'");
        if (isHeader(file) && std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end())
            breaches.push_back(file.path + ": is a header without '#pragma once'");
    }
    return breaches;
}

std::vector<std::string> checkWireNames(const std::vector<SourceFile> &files)
{
    // clang-format off
    constexpr std::array<std::string_view, 27> names{
        "tenant_id", "monitoring.v1", "monitoring.envelope", "signals.metric", "signals.log", "signals.trace",
        "signals.enriched", "ops.alert", "events.normalized", "ingest.raw", "karma", "mongo", "chronos",
        "x-event-source", "debezium", "cdc.raw", "raw-events", "processed-events", "dlq-events",
        "actions.requested", "actions.progress", "actions.result", "actions.dlq", "ctrl.command", "cloudtrail",
        "EventFormatType", "resourceLogs"};
    // clang-format on
    // Names of columns and of the schema that the seeds' SQL asks for: the ledger and its projections answer to them,
    // and the command line may say so.
    constexpr std::array<std::string_view, 2> sqlNames{"karma", "EventFormatType"};
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        if (file.folder == "tests" || file.folder == "pipelines" || file.folder == "core/codec"
            || file.folder == "core/api" || file.folder == "core/kafka")
            continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string &line = file.lines[i];
            const bool sql = file.folder == "core/store" || file.folder == "core/lake" || file.folder == "app";
            for (const std::string_view name : names) {
                const std::size_t found = findWord(line, name);
                const bool isSql = sql && std::find(sqlNames.begin(), sqlNames.end(), name) != sqlNames.end()
                    && line.find(".v", found) == std::string::npos && line.find(".api", found) == std::string::npos;
                if (found != std::string_view::npos && !isSql)
                    breaches.push_back(
                        at(file, i) + "names '" + std::string(name)
                        + "'; wire and source names stand in core/codec, core/api, core/kafka and pipelines");
            }
        }
    }
    return breaches;
}

std::vector<std::string> checkTypeNames(const std::vector<SourceFile> &files)
{
    std::map<std::string, std::string> seen; // qualified name -> where
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        if (file.folder == "tests" || endsWith(file.path, ".qml"))
            continue;
        std::vector<std::string> spaces;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string &line = file.lines[i];
            if (startsWith(line, "namespace")) {
                const std::string_view rest = trimmed(std::string_view(line).substr(9));
                spaces.emplace_back(rest.substr(0, rest.find('{')));
                continue;
            }
            if (startsWith(line, "} // namespace") && !spaces.empty()) {
                spaces.pop_back();
                continue;
            }
            const std::string name = definedType(file.lines, i);
            if (name.empty() || std::find(spaces.begin(), spaces.end(), "") != spaces.end())
                continue;
            std::string qualified;
            for (const std::string &space : spaces)
                qualified += std::string(trimmed(space)) + "::";
            const auto [first, isNew] = seen.emplace(qualified + name, at(file, i));
            if (!isNew)
                breaches.push_back(at(file, i) + "defines " + qualified + name + ", as does " + first->second
                                   + "the linker takes one of the two for both");
        }
    }
    return breaches;
}

std::vector<std::string> checkTries(const std::vector<SourceFile> &files)
{
    constexpr std::string_view Try = "EVENTOPS_TRY(";
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        std::string statement; // what came before in it
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const std::string_view line = file.lines[i];
            if (startsWith(trimmed(line), "//") || startsWith(line, "#"))
                continue;
            for (std::size_t column = 0; column < line.size(); ++column) {
                const char c = line[column];
                if (c == ';' || c == '{' || c == '}') {
                    statement.clear();
                    continue;
                }
                if (startsWith(line.substr(column), Try)
                    && (statement.find("new ") != std::string::npos || statement.find(Try) != std::string::npos))
                    breaches.push_back(at(file, i)
                                       + "has EVENTOPS_TRY behind a new or another one; give each a line of its own");
                statement += c;
            }
            statement += ' ';
            const auto open = std::count(statement.begin(), statement.end(), '(');
            const auto closed = std::count(statement.begin(), statement.end(), ')');
            const std::string_view begun = trimmed(statement);
            const bool isHead = startsWith(begun, "if (") || startsWith(begun, "while (") || startsWith(begun, "for (");
            if (closed > open || (isHead && closed == open))
                statement.clear(); // a condition; what it decides on is a statement of its own
        }
    }
    return breaches;
}

std::vector<std::string> checkDeterminism(const std::vector<SourceFile> &files)
{
    // Results must not depend on the machine's libm, on chance or on the time of day.
    constexpr std::array<std::string_view, 13> banned{
        "std::log(", "std::log2(", "std::log10(", "std::log1p(",        "std::exp(",  "std::exp2(",       "std::pow(",
        "std::sin(", "std::cos(",  "std::tanh(",  "std::random_device", "std::rand(", "system_clock::now"};
    static const std::set<std::string> folders{"core/base",    "core/model",  "core/codec",   "core/pipeline",
                                               "core/config",  "core/filter", "core/entropy", "core/graph",
                                               "core/actions", "pipelines"};
    std::vector<std::string> breaches;
    for (const SourceFile &file : files) {
        if (folders.count(file.folder) == 0 || file.path == "core/base/clock.cpp")
            continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            for (const std::string_view word : banned) {
                if (file.lines[i].find(word) != std::string::npos)
                    breaches.push_back(at(file, i) + "uses " + std::string(word)
                                       + "; see core/base/math.h and core/base/clock.h");
            }
        }
    }
    return breaches;
}

std::vector<std::string> checkLook(const std::vector<SourceFile> &files)
{
    struct Literal {
        std::regex pattern;
        std::string what;
    };
    static const std::regex::flag_type flags = std::regex::ECMAScript | std::regex::optimize;
    static const std::vector<Literal> everywhere{
        {std::regex("#([0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\\b", flags), "a colour"},
        {std::regex("[0-9]+ ?px\\b", flags), "a length"},
    };
    static const std::vector<Literal> inCpp{
        {std::regex("\\b(QColor|qRgba?|QColor::fromRgba?)\\( *[0-9]", flags), "a colour"},
        {std::regex("\\bQt::(white|black|red|green|blue|cyan|magenta|yellow|gray|lightGray|dark[A-Z][a-z]+)\\b", flags),
         "a colour"},
        {std::regex("\\b(setContentsMargins|setSpacing|setFixed(Width|Height|Size)|setM(in|ax)imum(Width|Height|Size)"
                    "|setPixelSize|setIconSize|setIndentation|resize)\\([^;]*\\b([2-9]|[0-9]{2,})\\b",
                    flags),
         "a length"},
    };
    static const std::vector<Literal> inQml{
        {std::regex("\\b(color|Color): *\"(?!transparent)", flags), "a colour"},
        {std::regex("\\b(spacing|margins?|(left|right|top|bottom)(Margin|Padding)|padding|radius|pixelSize|width|height"
                    "|implicit(Width|Height)|preferred(Width|Height)): *([2-9]|[0-9]{2,})\\b",
                    flags),
         "a length"},
    };
    std::vector<std::string> breaches;
    const auto look = [&](const SourceFile &file, const std::vector<Literal> &literals) {
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            if (trimmed(file.lines[i]).starts_with("//"))
                continue;
            for (const Literal &literal : literals) {
                if (std::regex_search(file.lines[i], literal.pattern))
                    breaches.push_back(at(file, i) + "writes " + literal.what
                                       + "; take a token of resources/themes, see widgets/theme/theme.h");
            }
        }
    };
    for (const SourceFile &file : files) {
        if (file.folder != "widgets" && file.folder != "qml" && !startsWith(file.path, "app/console/"))
            continue;
        look(file, everywhere);
        look(file, endsWith(file.path, ".qml") ? inQml : inCpp);
    }
    return breaches;
}

std::vector<std::string> checkTopLevel(const fs::path &root)
{
    static const std::set<std::string> allowed{"CMakeLists.txt",
                                               "CMakePresets.json",
                                               "CMakeUserPresets.json",
                                               "README.md",
                                               "LICENSE",
                                               "CHANGELOG.md",
                                               "app",
                                               "core",
                                               "installer",
                                               "pipelines",
                                               "qml",
                                               "resources",
                                               "tests",
                                               "widgets",
                                               "build",
                                               ".ci",
                                               ".clang-format",
                                               ".editorconfig",
                                               ".git",
                                               ".gitignore",
                                               ".git-blame-ignore-revs",
                                               ".cache"};
    std::vector<std::string> breaches;
    for (const auto &entry : fs::directory_iterator(root)) {
        const std::string name = entry.path().filename().string();
        if (allowed.count(name) == 0)
            breaches.push_back(name
                               + ": does not belong at the top; see resources/docs/HACKING.md, \"Where things are\"");
    }
    std::sort(breaches.begin(), breaches.end());
    return breaches;
}

} // namespace eventops::architecture
