// SPDX-License-Identifier: MIT
#include "core/yaml/yaml.h"

#include "core/base/read_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_set>

namespace eventops {
namespace {

Location at(const std::string &file, const YAML::Mark &mark)
{
    if (mark.is_null())
        return {file, 0, 0};
    return {file, static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

/// Leaves the parser from inside one of its calls. Never passes parseYaml.
struct Stop {
    Error error;
};

/// Builds a Value from the parser's events: no node graph, so limits hold while reading, not after.
class Builder final : public YAML::EventHandler
{
public:
    Builder(const std::string &file, const YamlLimits &limits) : m_file(file), m_limits(limits) {}

    Value take() { return std::move(m_root); }

    void OnDocumentStart(const YAML::Mark &) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark &mark, YAML::anchor_t) override
    {
        add(mark, Value::null(at(m_file, mark)));
    }

    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override
    {
        fail(mark, "aliases (*name) are not supported", "write the value out");
    }

    void OnScalar(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t, const std::string &text) override
    {
        checkTag(mark, tag, "tag:yaml.org,2002:str");
        if (!m_open.empty() && m_open.back().isMap && !m_open.back().haveKey) {
            count(mark);
            takeKey(mark, text);
            return;
        }
        const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        if (!quoted && text == "null") {
            add(mark, Value::null(at(m_file, mark)));
            return;
        }
        add(mark, Value::scalar(text, at(m_file, mark), quoted));
    }

    void OnSequenceStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t,
                         YAML::EmitterStyle::value) override
    {
        checkTag(mark, tag, "tag:yaml.org,2002:seq");
        open(mark, false);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark &mark, const std::string &tag, YAML::anchor_t, YAML::EmitterStyle::value) override
    {
        checkTag(mark, tag, "tag:yaml.org,2002:map");
        open(mark, true);
    }
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        bool isMap = false;
        bool haveKey = false;
        std::string key;
        YAML::Mark keyMark;
        Location where;
        std::vector<Value> items;
        std::vector<Value::Member> members;
        std::unordered_set<std::string> names;
    };

    [[noreturn]] void fail(const YAML::Mark &mark, std::string message, std::string remedy,
                           Error::Code code = Error::Code::InvalidConfig) const
    {
        throw Stop{Error{code, std::move(message), at(m_file, mark), std::move(remedy)}};
    }

    void count(const YAML::Mark &mark)
    {
        if (++m_nodes > m_limits.nodesMax)
            fail(mark, "more than " + std::to_string(m_limits.nodesMax) + " values in one file", "split the file",
                 Error::Code::LimitExceeded);
    }

    void checkTag(const YAML::Mark &mark, const std::string &tag, std::string_view known) const
    {
        if (!tag.empty() && tag != "?" && tag != "!" && tag != known)
            fail(mark, "the tag " + tag + " is not supported", "remove it");
    }

    void takeKey(const YAML::Mark &mark, const std::string &text)
    {
        Frame &frame = m_open.back();
        if (!frame.names.insert(text).second)
            fail(mark, "the name \"" + text + "\" stands twice in one map", "keep one of them");
        frame.haveKey = true;
        frame.key = text;
        frame.keyMark = mark;
    }

    void open(const YAML::Mark &mark, bool isMap)
    {
        count(mark);
        if (m_open.size() >= m_limits.depthMax)
            fail(mark, "nested deeper than " + std::to_string(m_limits.depthMax) + " levels", "flatten the file",
                 Error::Code::LimitExceeded);
        if (!m_open.empty() && m_open.back().isMap && !m_open.back().haveKey)
            fail(mark, "a name must be a text, not a list or map", "write `name: value`");
        Frame frame;
        frame.isMap = isMap;
        frame.where = at(m_file, mark);
        m_open.push_back(std::move(frame));
    }

    void close()
    {
        Frame frame = std::move(m_open.back());
        m_open.pop_back();
        place(frame.isMap ? Value::map(std::move(frame.members), std::move(frame.where))
                          : Value::list(std::move(frame.items), std::move(frame.where)));
    }

    void add(const YAML::Mark &mark, Value value)
    {
        count(mark);
        if (!m_open.empty() && m_open.back().isMap && !m_open.back().haveKey)
            fail(mark, "a name is missing before the colon", "write `name: value`");
        place(std::move(value));
    }

    void place(Value value)
    {
        if (m_open.empty()) {
            m_root = std::move(value);
            return;
        }
        Frame &frame = m_open.back();
        if (!frame.isMap) {
            frame.items.push_back(std::move(value));
            return;
        }
        const Location key = at(m_file, frame.keyMark);
        value.setKey(key.line, key.column);
        frame.members.emplace_back(std::move(frame.key), std::move(value));
        frame.haveKey = false;
    }

    const std::string &m_file;
    const YamlLimits &m_limits;
    std::vector<Frame> m_open;
    std::size_t m_nodes = 0;
    Value m_root;
};

/// Reads a text without copying it.
class ViewBuffer final : public std::streambuf
{
public:
    explicit ViewBuffer(std::string_view text)
    {
        char *begin = const_cast<char *>(text.data()); // streambuf's interface; never written to
        setg(begin, begin, begin + text.size());
    }
};

Location locate(std::string_view text, std::size_t offset, const std::string &file)
{
    const std::string_view before = text.substr(0, offset);
    const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t lineStart = before.rfind('\n') + 1; // npos + 1 is 0
    return {file, line, static_cast<std::uint32_t>(offset - lineStart) + 1};
}

/// Offset of a comma where the document should begin; npos when there is none.
std::size_t leadingComma(std::string_view text)
{
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t word = text.find_first_not_of(" \t\r\n", i);
        if (word == std::string_view::npos || (text[word] != '#' && text.substr(word, 3) != "---"))
            return word != std::string_view::npos && text[word] == ',' ? word : std::string_view::npos;
        i = text[word] == '#' ? std::min(text.find('\n', word), text.size()) : word + 3;
    }
    return std::string_view::npos;
}

/// Refuses what yaml-cpp 0.7 does not survive or reads wrongly: it gives empty documents for ever on a text that begins
/// with a comma (other such texts end at the second document), keeps memory for each open bracket, replaces bytes that
/// are not UTF-8, and takes a first byte of 0 or 0xFE for UTF-16.
Status scan(std::string_view text, const std::string &name, const YamlLimits &limits)
{
    const auto refuse = [&](std::size_t offset, std::string message, std::string remedy,
                            Error::Code code = Error::Code::InvalidConfig) -> Status {
        return Error{code, std::move(message), locate(text, offset, name), std::move(remedy)};
    };
    if (const std::size_t bad = invalidUtf8At(text); bad != std::string_view::npos)
        return refuse(bad, "not valid UTF-8", "save the file as UTF-8");
    if (const std::size_t comma = leadingComma(text); comma != std::string_view::npos)
        return refuse(comma, "the file begins with a comma", "remove it");
    std::size_t brackets = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return refuse(i, "a control character", "remove it");
        if ((c == '[' || c == '{') && ++brackets > limits.flowBracketsMax)
            return refuse(i, "more than " + std::to_string(limits.flowBracketsMax) + " brackets in one file",
                          "split the file", Error::Code::LimitExceeded);
        const bool lineStart = i == 0 || text[i - 1] == '\n';
        if (c == '\t' && lineStart) {
            const std::size_t next = text.find_first_not_of(" \t\r", i);
            if (next != std::string_view::npos && text[next] != '\n' && text[next] != '#')
                return refuse(i, "a tab in the indentation", "indent with spaces");
        }
    }
    return Ok{};
}

/// yaml-cpp's words are for parsers ("illegal map value"); a tab in the line is the usual reason.
Error syntaxError(const YAML::ParserException &exception, std::string_view text, const std::string &name)
{
    Error error{Error::Code::InvalidConfig, "not valid YAML: " + exception.msg, at(name, exception.mark), {}};
    if (exception.mark.is_null())
        return error;
    const auto offset = std::min(static_cast<std::size_t>(std::max(exception.mark.pos, 0)), text.size());
    const std::size_t lineStart = text.substr(0, offset).rfind('\n') + 1;
    const std::string_view line = text.substr(lineStart, text.find('\n', lineStart) - lineStart);
    const std::size_t tab = line.find('\t');
    if (tab != std::string_view::npos)
        error.remedy = "the line holds a tab, indent with spaces";
    else if (exception.msg.find("map value") != std::string::npos)
        error.remedy = "check the indentation, and quote a text that holds \": \"";
    else
        error.remedy = "check quotes, brackets and indentation";
    return error;
}

} // namespace

Result<Value> parseYaml(std::string_view text, const std::string &name, const YamlLimits &limits)
{
    if (text.size() > limits.bytesMax)
        return Error{Error::Code::LimitExceeded,
                     "larger than " + std::to_string(limits.bytesMax) + " bytes", {name, 0, 0}, "split the file"};
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    EVENTOPS_TRY(scan(text, name, limits));
    ViewBuffer buffer(text);
    std::istream in(&buffer);
    Builder builder(name, limits);
    try {
        YAML::Parser parser(in);
        if (!parser.HandleNextDocument(builder))
            return Value::null({name, 1, 1});
        Builder rest(name, limits);
        if (parser.HandleNextDocument(rest))
            return Error{Error::Code::InvalidConfig, "more than one YAML document, or text after the end of the first",
                         {name, 0, 0}, "keep one document a file, and quote texts that begin with a comma"};
    } catch (Stop &stop) {
        return std::move(stop.error);
    } catch (const YAML::ParserException &exception) {
        return syntaxError(exception, text, name);
    } catch (const YAML::Exception &exception) {
        return Error{Error::Code::InvalidConfig, "not valid YAML: " + exception.msg, at(name, exception.mark), {}};
    }
    return builder.take();
}

Result<Value> loadYaml(const std::string &path, const YamlLimits &limits)
{
    const std::string text = EVENTOPS_TRY(readTextFile(path, limits.bytesMax));
    return path.ends_with(".csv") ? parseCsvTable(text, path, limits) : parseYaml(text, path, limits);
}

} // namespace eventops
