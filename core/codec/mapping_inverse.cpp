// SPDX-License-Identifier: MIT
#include "core/codec/mapping.h"

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/codec/json_tree.h"

// The tables of mappings read backwards: where a value would have come from.
namespace eventops {
namespace {

constexpr std::size_t WaysMax = 64;

std::string quoted(std::string_view text)
{
    std::string out;
    appendJsonString(out, text);
    return out;
}

/// As a form is written (application/x-www-form-urlencoded), slashes left as S3 leaves them.
std::string formEncoded(std::string_view text)
{
    constexpr std::string_view Hex = "0123456789ABCDEF", Plain = "-._~/";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (letter || Plain.find(c) != std::string_view::npos)
            out += c;
        else
            out.append(1, '%').append(1, Hex[byte >> 4]).append(1, Hex[byte & 15]);
    }
    return out;
}

/// [{"key", "value"}, …] of an object's members, as OpenTelemetry writes attributes.
std::string pairsOf(std::string_view object)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name;
    while (items.next(rawName, value)) {
        json.beginObject().field("key", jsonUnescape(rawName, name)).key("value");
        json.raw(typedValue(value)).endObject();
    }
    json.endArray();
    return out;
}

} // namespace

const JsonPath *Selector::objectPath() const
{
    return m_kind == Kind::Path && !isTranslated() ? &m_paths.front() : nullptr;
}

/// Texts of which the translation makes @p text, the likeliest first.
std::vector<std::string> Selector::originals(std::string_view text) const
{
    std::vector<std::string> out;
    bool isFrom = false;
    for (const auto &[from, to] : m_values) {
        if (to == text)
            out.push_back(from);
        isFrom = isFrom || from == text;
    }
    if (!isFrom && !m_others)
        out.emplace_back(text);
    for (std::string &original : out) {
        if (m_coding == Coding::Url)
            original = formEncoded(original);
        else if (m_coding == Coding::Base64)
            original = base64(original);
    }
    return out;
}

/// Takes @p text apart at what stands between the paths; each value ends where that is found first.
void Selector::waysOfTemplate(const std::string &text, std::vector<Way> &out) const
{
    Way way;
    std::size_t at = 0;
    for (std::size_t i = 0; i < m_parts.size(); ++i) {
        const Part &part = m_parts[i];
        if (!part.path) {
            if (text.compare(at, part.literal.size(), part.literal) != 0)
                return;
            at += part.literal.size();
            continue;
        }
        const bool last = i + 1 == m_parts.size();
        if (!last && m_parts[i + 1].path)
            return; // nothing tells where the one ends and the other begins
        const std::size_t end = last ? text.size() : text.find(m_parts[i + 1].literal, at);
        if (end == std::string::npos)
            return;
        if (end > at)
            way.emplace_back(&*part.path, quoted(std::string_view(text).substr(at, end - at)));
        at = end;
    }
    if (at == text.size())
        out.push_back(std::move(way));
}

std::vector<Selector::Way> Selector::ways(std::string_view raw) const
{
    std::vector<Way> out;
    std::string scratch;
    const bool isText = jsonKind(raw) == JsonKind::String;
    const std::string text(isText ? jsonText(raw, scratch) : raw);
    switch (m_kind) {
    case Kind::Const:
        if (m_const == raw)
            out.emplace_back();
        break;
    case Kind::Pairs:
        if (jsonKind(raw) == JsonKind::Object)
            out.push_back({{&m_paths.front(), pairsOf(raw)}});
        break;
    case Kind::First:
        for (const std::string &original : originals(text)) {
            const std::string same = isTranslated() || isText ? quoted(original) : std::string(raw);
            for (const Selector &choice : m_choices) {
                for (Way &way : choice.ways(same))
                    out.push_back(std::move(way));
            }
        }
        break;
    case Kind::Template:
        for (const std::string &original : originals(text))
            waysOfTemplate(original, out);
        break;
    case Kind::Path:
        for (const std::string &original : isText ? originals(text) : std::vector<std::string>()) {
            out.push_back({{&m_paths.front(), quoted(original)}});
            if (isJsonNumberText(original))
                out.push_back({{&m_paths.front(), original}});
        }
        if (!isText && !isTranslated())
            out.push_back({{&m_paths.front(), std::string(raw)}});
        break;
    }
    for (std::size_t i = out.size(); m_if && i > 0; --i) { // without what it asks for, it gives nothing
        Way way = out[i - 1];
        way.emplace_back(&*m_if, "true");
        out.push_back(std::move(way));
    }
    if (out.size() > WaysMax)
        out.resize(WaysMax);
    return out;
}

} // namespace eventops
