// SPDX-License-Identifier: MIT
#include "pipelines/stages/normalize/redaction.h"

#include "core/base/hash.h"
#include "core/codec/json_reader.h"

#include <algorithm>

namespace eventops::normalize {
namespace {

bool names(const std::vector<std::string> &paths, std::string_view path)
{
    return std::any_of(paths.begin(), paths.end(), [&](std::string_view wanted) {
        return path.ends_with(wanted) && (path.size() == wanted.size() || path[path.size() - wanted.size() - 1] == '.');
    });
}

/// What is hashed: a string's text, anything else as written.
std::string_view clearText(std::string_view value, std::string &scratch)
{
    return jsonKind(value) == JsonKind::String ? jsonText(value, scratch) : value;
}

} // namespace

void Redaction::add(const Redaction &other)
{
    const auto merge = [](std::vector<std::string> &to, const std::vector<std::string> &from) {
        for (const std::string &path : from) {
            if (std::find(to.begin(), to.end(), path) == to.end())
                to.push_back(path);
        }
    };
    merge(hashed, other.hashed);
    merge(dropped, other.dropped);
}

bool Redactor::redact(std::string_view json, std::string_view prefix, const Redaction &redaction, std::string &out,
                      std::vector<Clear> *clear)
{
    m_redaction = &redaction;
    m_clear = clear;
    m_path = prefix;
    m_text = json;
    m_at = 0;
    m_changed = false;
    const std::size_t before = out.size();
    skipBlanks();
    copyValue(out);
    if (!m_changed)
        out.resize(before);
    return m_changed;
}

// The text is valid JSON nested at most JsonDepthMax deep; the reader's own bounds are only there to stay inside it.

void Redactor::skipBlanks()
{
    while (m_at < m_text.size()
           && (m_text[m_at] == ' ' || m_text[m_at] == '\t' || m_text[m_at] == '\n' || m_text[m_at] == '\r'))
        ++m_at;
}

/// With its quotes.
std::string_view Redactor::takeString()
{
    const std::size_t from = m_at++;
    while (m_at < m_text.size() && m_text[m_at] != '"')
        m_at += m_text[m_at] == '\\' ? 2 : 1;
    m_at = std::min(m_at + 1, m_text.size());
    return m_text.substr(from, m_at - from);
}

std::string_view Redactor::takeValue()
{
    const std::size_t from = m_at;
    std::size_t depth = 0;
    while (m_at < m_text.size()) {
        const char c = m_text[m_at];
        if (c == '"') {
            takeString();
        } else if (c == '{' || c == '[') {
            ++depth;
            ++m_at;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                break;
            --depth;
            ++m_at;
        } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            break;
        } else {
            ++m_at;
            continue;
        }
        if (depth == 0)
            break;
    }
    return m_text.substr(from, m_at - from);
}

void Redactor::copyValue(std::string &out)
{
    const char c = m_at < m_text.size() ? m_text[m_at] : ' ';
    if (c == '{') {
        copyObject(out);
    } else if (c == '[') {
        out += '[';
        ++m_at;
        for (bool first = true;; first = false) {
            skipBlanks();
            if (m_at >= m_text.size() || m_text[m_at] == ']')
                break;
            if (!first) {
                out += ',';
                ++m_at; // the comma
                skipBlanks();
            }
            copyValue(out);
        }
        out += ']';
        ++m_at;
    } else {
        out += takeValue();
    }
}

void Redactor::copyObject(std::string &out)
{
    const std::size_t pathBefore = m_path.size();
    const std::size_t begin = out.size();
    out += '{';
    ++m_at;
    for (;;) {
        skipBlanks();
        if (m_at < m_text.size() && m_text[m_at] == ',') {
            ++m_at;
            skipBlanks();
        }
        if (m_at >= m_text.size() || m_text[m_at] == '}')
            break;
        const std::string_view name = takeString();
        skipBlanks();
        ++m_at; // the colon
        skipBlanks();
        if (pathBefore > 0)
            m_path += '.';
        m_path += jsonText(name, m_name);
        const bool drop = names(m_redaction->dropped, m_path);
        if (!drop) {
            if (out.size() > begin + 1)
                out += ',';
            out += name;
            out += ':';
        }
        if (drop || (names(m_redaction->hashed, m_path) && m_text[m_at] != 'n'))
            replace(takeValue(), drop, out);
        else
            copyValue(out);
        m_path.resize(pathBefore);
    }
    out += '}';
    ++m_at;
}

void Redactor::replace(std::string_view value, bool drop, std::string &out)
{
    m_changed = true;
    const std::string_view text = clearText(value, m_scratch);
    std::string hash;
    if (!drop) {
        hash = sha256Hex(text);
        out += '"';
        out += hash;
        out += '"';
    }
    if (m_clear != nullptr)
        m_clear->emplace_back(text, std::move(hash));
}

std::string redactText(std::string_view text, const std::vector<Redactor::Clear> &clear)
{
    // Longest first, so that a text inside another does not break it up; at each place the first that fits.
    std::vector<const Redactor::Clear *> order;
    for (const Redactor::Clear &entry : clear) {
        if (!entry.first.empty())
            order.push_back(&entry);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const auto *a, const auto *b) { return a->first.size() > b->first.size(); });
    if (order.size() > ClearTextsMax)
        return {};
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto found = std::find_if(order.begin(), order.end(),
                                        [&](const auto *entry) { return text.substr(at).starts_with(entry->first); });
        if (found == order.end()) {
            out += text[at++];
            continue;
        }
        out += (*found)->second;
        at += (*found)->first.size();
    }
    return out;
}

} // namespace eventops::normalize
