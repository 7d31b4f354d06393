// SPDX-License-Identifier: MIT
#include "core/codec/avro_data.h"

#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/codec/json_envelope.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace eventops {
namespace {

constexpr unsigned DepthMax = 200;                              ///< Of values within each other.
constexpr std::uint64_t EmptyItemsMax = 65'536;                 ///< Elements that take no bytes, in one datum.
constexpr std::size_t PathBytesMax = 80;                        ///< Of a map's key in a sentence.
constexpr std::size_t JsonBytesMax = 4 * RecordBytesMaxDefault; ///< Defaults and escapes can make more of less.

/// Appends bytes as a JSON string with a code point a byte.
void appendByteText(std::string &out, std::string_view bytes)
{
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += static_cast<char>(0xC0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    appendJsonString(out, text);
}

/// The bytes of such a string; nothing: a code point is none.
std::optional<std::string> bytesOfText(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead >= 0xC4)
            return std::nullopt;
        out += lead < 0x80 ? text[i] : static_cast<char>((lead & 0x03) << 6 | (text[++i] & 0x3F)); // valid UTF-8
    }
    return out;
}

/// Carries out a plan over the bytes of one datum.
class Reading
{
public:
    Reading(std::string_view bytes, std::string &json) : m_bytes(bytes), m_json(json) {}

    DecodeFailure all(const AvroStep &root)
    {
        value(root);
        if (!m_failure && m_at != m_bytes.size())
            bad(std::to_string(m_bytes.size() - m_at) + " bytes follow the datum");
        return std::move(m_failure);
    }

private:
    void bad(const std::string &what) { fail(loss::BadAvro, what + ", byte " + std::to_string(m_at)); }
    void fail(const LossReason &reason, const std::string &what)
    {
        if (!m_failure)
            m_failure = lose(reason, (m_path.empty() ? std::string("datum") : m_path) + ": " + what);
    }
    void refuse(const AvroProblem &problem)
    {
        if (!m_failure)
            m_failure = lose(loss::SchemaMismatch, problem.field + ": " + problem.what
                                                       + (problem.remedy.empty() ? "" : "; " + problem.remedy));
    }

    std::string_view take(std::uint64_t size)
    {
        if (size > m_bytes.size() - m_at) {
            bad(std::to_string(size) + " bytes are announced and " + std::to_string(m_bytes.size() - m_at) + " left");
            return {};
        }
        const std::string_view out = m_bytes.substr(m_at, size);
        m_at += size;
        return out;
    }

    /// A zigzag number of at most 64 bits.
    std::int64_t number()
    {
        std::uint64_t bits = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (m_at == m_bytes.size()) {
                bad("the bytes end within a number");
                return 0;
            }
            const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
            if (shift == 63 && byte > 1)
                break;
            bits |= std::uint64_t{byte & 0x7FU} << shift;
            if ((byte & 0x80) == 0)
                return static_cast<std::int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
        }
        bad("a number has more than 64 bits");
        return 0;
    }

    std::string_view sized()
    {
        const std::int64_t size = number();
        if (size < 0)
            bad("a length is negative");
        return m_failure ? std::string_view() : take(static_cast<std::uint64_t>(size));
    }

    void value(const AvroStep &step)
    {
        if (++m_depth > DepthMax)
            bad("values are nested deeper than " + std::to_string(DepthMax));
        if (m_json.size() > JsonBytesMax)
            bad("the datum is longer than " + std::to_string(JsonBytesMax) + " bytes as JSON");
        if (!m_failure) {
            switch (step.kind) {
            case AvroStep::Kind::Plain: plain(step); break;
            case AvroStep::Kind::Enum: symbol(step); break;
            case AvroStep::Kind::Array: items(step, false); break;
            case AvroStep::Kind::Map: items(step, true); break;
            case AvroStep::Kind::Record: record(step); break;
            case AvroStep::Kind::Union: branch(step); break;
            case AvroStep::Kind::Unreadable: refuse(step.problem); break;
            }
        }
        --m_depth;
    }

    void plain(const AvroStep &step)
    {
        switch (step.wire) {
        case AvroKind::Null: m_json += "null"; return;
        case AvroKind::Boolean: boolean(); return;
        case AvroKind::Int:
        case AvroKind::Long: whole(step.wire); return;
        case AvroKind::Float: real(std::bit_cast<float>(littleEndian<std::uint32_t>())); return;
        case AvroKind::Double: real(std::bit_cast<double>(littleEndian<std::uint64_t>())); return;
        case AvroKind::Fixed: appendByteText(m_json, take(step.size)); return;
        default: text(sized(), step.as);
        }
    }

    void boolean()
    {
        const std::string_view byte = take(1);
        if (!byte.empty() && static_cast<unsigned char>(byte.front()) > 1)
            bad("a boolean is neither 0 nor 1");
        m_json += !byte.empty() && byte.front() != 0 ? "true" : "false";
    }

    void whole(AvroKind kind)
    {
        const std::int64_t found = number();
        if (kind == AvroKind::Int && (found < INT32_MIN || found > INT32_MAX))
            bad("an int has more than 32 bits");
        m_json += std::to_string(found);
    }

    template <typename Bits>
    Bits littleEndian()
    {
        Bits bits = 0;
        const std::string_view bytes = take(sizeof(Bits));
        for (std::size_t i = bytes.size(); i > 0; --i)
            bits = static_cast<Bits>(bits << 8 | static_cast<unsigned char>(bytes[i - 1]));
        return bits;
    }

    void real(double found)
    {
        if (std::isfinite(found))
            appendJsonNumber(m_json, found);
        else
            appendJsonString(m_json, std::isnan(found) ? "NaN" : found > 0 ? "Infinity" : "-Infinity");
    }
    void real(float found) // the shortest writing of a float is not that of the double it becomes
    {
        char digits[32];
        const auto [end, failed] = std::to_chars(digits, digits + sizeof digits, found);
        if (std::isfinite(found) && failed == std::errc())
            m_json.append(digits, end);
        else
            real(static_cast<double>(found));
    }

    void text(std::string_view bytes, AvroKind as)
    {
        if (as == AvroKind::Bytes)
            appendByteText(m_json, bytes);
        else if (!isValidUtf8(bytes))
            fail(loss::InvalidUtf8, "a string holds bytes that are not UTF-8");
        else
            appendJsonString(m_json, bytes);
    }

    void symbol(const AvroStep &step)
    {
        const std::int64_t index = number();
        if (index < 0 || static_cast<std::uint64_t>(index) >= step.symbols.size()) {
            bad("an enum has no symbol " + std::to_string(index));
            return;
        }
        const std::string &name = step.symbols[static_cast<std::size_t>(index)];
        if (name.empty())
            refuse(step.problem);
        else
            appendJsonString(m_json, name);
    }

    void branch(const AvroStep &step)
    {
        const std::int64_t index = number();
        if (index < 0 || static_cast<std::uint64_t>(index) >= step.branches.size())
            bad("a union has no branch " + std::to_string(index));
        else
            value(*step.branches[static_cast<std::size_t>(index)]);
    }

    /// Blocks of elements until one of none; a negative count has the block's size in bytes behind it.
    void items(const AvroStep &step, bool isMap)
    {
        m_json += isMap ? '{' : '[';
        bool any = false;
        for (std::int64_t count = number(); count != 0 && !m_failure; count = number()) {
            if (count < 0) {
                const std::int64_t size = number();
                if (count == INT64_MIN || size < 0)
                    bad("a block has no size");
                else if (static_cast<std::uint64_t>(size) > m_bytes.size() - m_at)
                    bad("a block is longer than the datum");
                count = m_failure ? 0 : -count;
            }
            for (; count > 0 && !m_failure; --count) {
                if (std::exchange(any, true))
                    m_json += ',';
                item(*step.items, isMap);
            }
        }
        m_json += isMap ? '}' : ']';
    }

    void item(const AvroStep &step, bool isMap)
    {
        const std::size_t before = m_at;
        const std::size_t path = m_path.size();
        if (isMap) {
            const std::string_view key = sized();
            text(key, AvroKind::String);
            m_json += ':';
            m_path += '{';
            m_path += key.substr(0, validUtf8Prefix(key.substr(0, PathBytesMax)));
            m_path += '}';
        } else {
            m_path += "[]";
        }
        if (!m_failure)
            value(step);
        m_path.resize(path);
        if (m_at == before && ++m_emptyItems > EmptyItemsMax)
            bad("more than " + std::to_string(EmptyItemsMax) + " elements take no bytes");
    }

    void record(const AvroStep &step)
    {
        m_json += '{';
        bool any = false;
        const std::size_t path = m_path.size();
        for (const AvroStep::Member &member : step.members) {
            if (path != 0)
                m_path += '.';
            m_path += member.name;
            const std::size_t before = m_json.size();
            if (!member.skipped) {
                if (std::exchange(any, true))
                    m_json += ',';
                appendJsonString(m_json, member.name);
                m_json += ':';
            }
            value(*member.step);
            if (m_failure)
                return;
            if (member.skipped) // nobody wants it; it had to be read to find its end
                m_json.resize(before);
            m_path.resize(path);
        }
        m_json += std::string_view(step.defaults).substr(any || step.defaults.empty() ? 0 : 1);
        m_json += '}';
    }

    std::string_view m_bytes;
    std::size_t m_at = 0;
    std::string &m_json;
    std::string m_path; ///< Of the value at hand, for sentences.
    unsigned m_depth = 0;
    std::uint64_t m_emptyItems = 0;
    DecodeFailure m_failure; ///< The first.
};

void appendNumber(std::string &out, std::int64_t value)
{
    std::uint64_t bits = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7)
        out += static_cast<char>(0x80 | (bits & 0x7F));
    out += static_cast<char>(bits);
}

void appendSized(std::string &out, std::string_view bytes)
{
    appendNumber(out, static_cast<std::int64_t>(bytes.size()));
    out += bytes;
}

template <typename Bits>
void appendLittleEndian(std::string &out, Bits bits)
{
    for (std::size_t i = 0; i < sizeof(Bits); ++i)
        out += static_cast<char>(bits >> (8 * i) & 0xFF);
}

/// Writes a JSON value as a datum.
class Writing
{
public:
    explicit Writing(std::string &out) : m_out(out) {}

    Status value(const AvroType &type, std::string_view json)
    {
        switch (type.kind) {
        case AvroKind::Record: return record(type, json);
        case AvroKind::Array:
        case AvroKind::Map: return items(type, json);
        case AvroKind::Union: return branch(type, json);
        case AvroKind::Bytes:
        case AvroKind::String:
        case AvroKind::Enum:
        case AvroKind::Fixed: return text(type, json);
        default: return scalar(type, json);
        }
    }

private:
    Error wrong(const AvroType &type, std::string_view json) const
    {
        constexpr std::size_t ShownBytesMax = 60;
        const std::string shown(json.substr(0, validUtf8Prefix(json.substr(0, ShownBytesMax))));
        return Error{Error::Code::InvalidInput,
                     (m_path.empty() ? std::string("datum") : m_path) + ": " + shown + " is no " + avroTypeText(type)};
    }

    static bool fits(const AvroType &type, JsonKind kind)
    {
        switch (type.kind) {
        case AvroKind::Null: return kind == JsonKind::Null;
        case AvroKind::Boolean: return kind == JsonKind::True || kind == JsonKind::False;
        case AvroKind::Int:
        case AvroKind::Long:
        case AvroKind::Float:
        case AvroKind::Double: return kind == JsonKind::Number;
        case AvroKind::Record:
        case AvroKind::Map: return kind == JsonKind::Object;
        case AvroKind::Array: return kind == JsonKind::Array;
        case AvroKind::Union: return false;
        default: return kind == JsonKind::String;
        }
    }

    bool isSymbol(const AvroType &type, std::string_view json)
    {
        return jsonKind(json) == JsonKind::String
               && std::find(type.symbols.begin(), type.symbols.end(), jsonText(json, m_scratch)) != type.symbols.end();
    }

    Status branch(const AvroType &type, std::string_view json)
    {
        for (std::size_t i = 0; i < type.branches.size(); ++i) {
            const bool isOther = type.branches[i]->kind == AvroKind::Enum && !isSymbol(*type.branches[i], json);
            if (isOther || !fits(*type.branches[i], jsonKind(json)))
                continue;
            appendNumber(m_out, static_cast<std::int64_t>(i));
            return value(*type.branches[i], json);
        }
        return wrong(type, json);
    }

    Status scalar(const AvroType &type, std::string_view json)
    {
        if (!fits(type, jsonKind(json)))
            return wrong(type, json);
        if (type.kind == AvroKind::Boolean)
            m_out += jsonKind(json) == JsonKind::True ? '\1' : '\0';
        if (type.kind == AvroKind::Float)
            appendLittleEndian(m_out, std::bit_cast<std::uint32_t>(static_cast<float>(jsonDouble(json).value_or(0))));
        if (type.kind == AvroKind::Double)
            appendLittleEndian(m_out, std::bit_cast<std::uint64_t>(jsonDouble(json).value_or(0)));
        if (type.kind != AvroKind::Int && type.kind != AvroKind::Long)
            return Ok{};
        std::int64_t whole = 0;
        const auto [end, failed] = std::from_chars(json.data(), json.data() + json.size(), whole);
        const bool isShort = type.kind == AvroKind::Long || (whole >= INT32_MIN && whole <= INT32_MAX);
        if (failed != std::errc() || end != json.data() + json.size() || !isShort)
            return wrong(type, json);
        appendNumber(m_out, whole);
        return Ok{};
    }

    Status text(const AvroType &type, std::string_view json)
    {
        if (jsonKind(json) != JsonKind::String)
            return wrong(type, json);
        const std::string_view text = jsonText(json, m_scratch);
        if (type.kind == AvroKind::String) {
            appendSized(m_out, text);
            return Ok{};
        }
        if (type.kind == AvroKind::Enum) {
            const auto found = std::find(type.symbols.begin(), type.symbols.end(), text);
            if (found == type.symbols.end())
                return wrong(type, json);
            appendNumber(m_out, found - type.symbols.begin());
            return Ok{};
        }
        const auto bytes = bytesOfText(text);
        if (!bytes || (type.kind == AvroKind::Fixed && bytes->size() != type.size))
            return wrong(type, json);
        if (type.kind == AvroKind::Fixed)
            m_out += *bytes;
        else
            appendSized(m_out, *bytes);
        return Ok{};
    }

    Status items(const AvroType &type, std::string_view json)
    {
        if (!fits(type, jsonKind(json)))
            return wrong(type, json);
        JsonItems all(json);
        std::string_view name, one;
        std::int64_t count = 0;
        for (JsonItems counted(json); counted.next(name, one);)
            ++count;
        if (count > 0)
            appendNumber(m_out, count);
        const std::size_t path = m_path.size();
        while (all.next(name, one)) {
            if (type.kind == AvroKind::Map) {
                appendSized(m_out, jsonUnescape(name, m_scratch));
                m_path += '{' + std::string(name) + '}';
            } else {
                m_path += "[]";
            }
            EVENTOPS_TRY(value(*type.items, one));
            m_path.resize(path);
        }
        appendNumber(m_out, 0);
        return Ok{};
    }

    Status record(const AvroType &type, std::string_view json)
    {
        if (jsonKind(json) != JsonKind::Object)
            return wrong(type, json);
        const std::size_t path = m_path.size();
        for (const AvroField &field : type.fields) {
            m_path += (path == 0 ? "" : ".") + field.name;
            const auto given = jsonMember(json, field.name);
            if (!given && !field.hasDefault)
                return Error{Error::Code::InvalidInput, m_path + " is missing"};
            EVENTOPS_TRY(value(*field.type, given ? *given : std::string_view(field.defaultJson)));
            m_path.resize(path);
        }
        return Ok{};
    }

    std::string &m_out;
    std::string m_path, m_scratch;
};

} // namespace

DecodeFailure readAvro(const AvroPlan &plan, std::string_view bytes, std::string &json)
{
    json.clear();
    return Reading(bytes, json).all(plan.root());
}

Status writeAvro(const AvroSchema &schema, std::string_view json, std::string &out)
{
    const std::size_t before = out.size();
    const Status written = Writing(out).value(schema.root(), json);
    if (!written)
        out.resize(before);
    return written;
}

} // namespace eventops
