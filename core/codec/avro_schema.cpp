// SPDX-License-Identifier: MIT
#include "core/codec/avro_schema.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace eventops {
namespace {

constexpr std::uint64_t FixedBytesMax = 1u << 20;
constexpr std::size_t NameBytesMax = 1'000;

struct Primitive {
    std::string_view name;
    AvroKind kind;
};
constexpr std::array<Primitive, 8> Primitives{{
    {"null", AvroKind::Null},
    {"boolean", AvroKind::Boolean},
    {"int", AvroKind::Int},
    {"long", AvroKind::Long},
    {"float", AvroKind::Float},
    {"double", AvroKind::Double},
    {"bytes", AvroKind::Bytes},
    {"string", AvroKind::String},
}};

const Primitive *primitive(std::string_view name)
{
    const auto found =
        std::find_if(Primitives.begin(), Primitives.end(), [&](const Primitive &p) { return p.name == name; });
    return found == Primitives.end() ? nullptr : &*found;
}

bool isName(std::string_view text)
{
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && text.size() <= NameBytesMax && letter(text.front())
           && std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Names with dots between.
bool isFullName(std::string_view text)
{
    while (true) {
        const std::size_t dot = text.find('.');
        if (!isName(text.substr(0, dot)))
            return false;
        if (dot == std::string_view::npos)
            return true;
        text.remove_prefix(dot + 1);
    }
}

std::string qualified(std::string_view name, std::string_view space)
{
    if (name.find('.') != std::string_view::npos || space.empty())
        return std::string(name);
    return std::string(space) + '.' + std::string(name);
}

std::string_view spaceOf(std::string_view fullName)
{
    const std::size_t dot = fullName.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : fullName.substr(0, dot);
}

std::optional<std::string> textMember(std::string_view object, std::string_view name)
{
    const auto raw = jsonMember(object, name);
    std::string scratch;
    if (!raw || jsonKind(*raw) != JsonKind::String)
        return std::nullopt;
    return std::string(jsonText(*raw, scratch));
}

/// Whole and within the 64 bits that a long has.
std::optional<std::int64_t> wholeNumber(std::string_view json)
{
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(json.data(), json.data() + json.size(), value);
    if (failed != std::errc() || end != json.data() + json.size())
        return std::nullopt;
    return value;
}

/// Every code point is a byte, as the specification writes bytes in JSON.
bool isByteText(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0xC4)
            return false;
    }
    return true;
}

std::size_t codePoints(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string misfitText(const AvroType &type, std::string_view json)
{
    constexpr std::size_t ShownBytesMax = 60;
    return std::string(json.substr(0, validUtf8Prefix(json.substr(0, ShownBytesMax)))) + " is no " + avroTypeText(type);
}

std::string misfitRecord(const AvroType &type, std::string_view json)
{
    if (!type.complete) // it would have no end
        return "a default cannot hold the record in which it stands";
    for (const AvroField &field : type.fields) {
        const auto given = jsonMember(json, field.name);
        if (!given && !field.hasDefault)
            return field.name + " is missing";
        const std::string inner = given ? avroMisfit(*field.type, *given) : std::string();
        if (!inner.empty())
            return field.name + ": " + inner;
    }
    return {};
}

std::string misfitItems(const AvroType &type, std::string_view json)
{
    JsonItems items(json);
    std::string_view name, value;
    while (items.next(name, value)) {
        if (std::string inner = avroMisfit(*type.items, value); !inner.empty())
            return inner;
    }
    return {};
}

bool fitsNumber(AvroKind kind, std::string_view json)
{
    const auto whole = wholeNumber(json);
    if (kind == AvroKind::Int)
        return whole && *whole >= INT32_MIN && *whole <= INT32_MAX;
    return kind != AvroKind::Long || whole.has_value();
}

bool fitsText(const AvroType &type, std::string_view json)
{
    std::string scratch;
    const std::string_view text = jsonText(json, scratch);
    if (type.kind == AvroKind::Enum)
        return std::find(type.symbols.begin(), type.symbols.end(), text) != type.symbols.end();
    if (type.kind == AvroKind::String)
        return true;
    return isByteText(text) && (type.kind != AvroKind::Fixed || codePoints(text) == type.size);
}

} // namespace

std::string_view avroShortName(std::string_view fullName)
{
    return fullName.substr(fullName.rfind('.') + 1); // npos + 1 is 0
}

std::string avroTypeText(const AvroType &type)
{
    switch (type.kind) {
    case AvroKind::Record: return "record " + type.name;
    case AvroKind::Enum: return "enum " + type.name;
    case AvroKind::Fixed: return "fixed " + type.name + " of " + std::to_string(type.size) + " bytes";
    case AvroKind::Array: return "array of " + avroTypeText(*type.items);
    case AvroKind::Map: return "map of " + avroTypeText(*type.items);
    case AvroKind::Union: break;
    default: return std::string(Primitives[static_cast<std::size_t>(type.kind)].name);
    }
    std::string out = "union of ";
    for (const AvroType *branch : type.branches)
        out += (branch == type.branches.front() ? "" : ", ") + avroTypeText(*branch);
    return out;
}

std::string avroMisfit(const AvroType &type, std::string_view json)
{
    const JsonKind kind = jsonKind(json);
    bool fits = false;
    switch (type.kind) {
    case AvroKind::Null: fits = kind == JsonKind::Null; break;
    case AvroKind::Boolean: fits = kind == JsonKind::True || kind == JsonKind::False; break;
    case AvroKind::Int:
    case AvroKind::Long:
    case AvroKind::Float:
    case AvroKind::Double: fits = kind == JsonKind::Number && fitsNumber(type.kind, json); break;
    case AvroKind::Bytes:
    case AvroKind::String:
    case AvroKind::Enum:
    case AvroKind::Fixed: fits = kind == JsonKind::String && fitsText(type, json); break;
    case AvroKind::Record:
        if (kind == JsonKind::Object)
            return misfitRecord(type, json);
        break;
    case AvroKind::Map:
    case AvroKind::Array:
        if (kind == (type.kind == AvroKind::Map ? JsonKind::Object : JsonKind::Array))
            return misfitItems(type, json);
        break;
    case AvroKind::Union: return avroMisfit(*type.branches.front(), json); // as the specification has it for defaults
    }
    return fits ? std::string() : misfitText(type, json);
}

/// Builds the types of one schema.
class AvroParser
{
public:
    AvroParser(AvroSchema &schema, const std::string &file) : m_schema(schema), m_file(file) {}

    using TypeResult = Result<const AvroType *>;

    /// @p json: any form in which a type may be written. @p path: for errors.
    TypeResult type(std::string_view json, const std::string &space, const std::string &path)
    {
        if (++m_depth > AvroSchema::DepthMax)
            return wrong(path, "types are nested deeper than " + std::to_string(AvroSchema::DepthMax));
        const TypeResult made = typeAt(json, space, path);
        --m_depth;
        return made;
    }

private:
    Error wrong(const std::string &path, const std::string &what, std::string remedy = {}) const
    {
        return Error{Error::Code::InvalidConfig,
                     (path.empty() ? std::string("the schema") : path) + ": " + what,
                     {m_file, 0, 0},
                     std::move(remedy)};
    }

    Result<AvroType *> add(AvroKind kind, const std::string &path)
    {
        if (m_schema.m_types.size() >= AvroSchema::TypesMax)
            return wrong(path, "more than " + std::to_string(AvroSchema::TypesMax) + " types");
        AvroType &made = m_schema.m_types.emplace_back();
        made.kind = kind;
        return &made;
    }

    TypeResult typeAt(std::string_view json, const std::string &space, const std::string &path)
    {
        std::string scratch;
        switch (jsonKind(json)) {
        case JsonKind::String: return named(jsonText(json, scratch), space, path);
        case JsonKind::Array: return unionOf(json, space, path);
        case JsonKind::Object: break;
        default: return wrong(path, "a type is a name, an object or a list", "for example \"string\"");
        }
        const auto inner = jsonMember(json, "type");
        if (!inner)
            return wrong(path, "\"type\" is missing", "for example {\"type\": \"string\"}");
        if (jsonKind(*inner) != JsonKind::String)
            return type(*inner, space, path);
        const std::string_view word = jsonText(*inner, scratch);
        if (word == "record" || word == "error")
            return definition(AvroKind::Record, json, space, path);
        if (word == "enum")
            return definition(AvroKind::Enum, json, space, path);
        if (word == "fixed")
            return definition(AvroKind::Fixed, json, space, path);
        if (word == "array")
            return container(AvroKind::Array, "items", json, space, path);
        if (word == "map")
            return container(AvroKind::Map, "values", json, space, path);
        return named(word, space, path);
    }

    TypeResult named(std::string_view name, const std::string &space, const std::string &path)
    {
        if (const Primitive *known = primitive(name)) {
            const AvroType *&one = m_primitives[known->kind];
            if (one == nullptr)
                one = EVENTOPS_TRY(add(known->kind, path));
            return one;
        }
        const auto found = m_named.find(qualified(name, space));
        if (found != m_named.end())
            return found->second;
        return wrong(path, "there is no type \"" + std::string(name.substr(0, 200)) + '"',
                     "define it before it is used; a schema of several subjects (references) is not read");
    }

    TypeResult unionOf(std::string_view json, const std::string &space, const std::string &path)
    {
        AvroType *const made = EVENTOPS_TRY(add(AvroKind::Union, path));
        JsonItems items(json);
        std::string_view name, one;
        std::set<std::string> seen;
        while (items.next(name, one)) {
            const AvroType *const branch = EVENTOPS_TRY(type(one, space, path));
            if (branch->kind == AvroKind::Union)
                return wrong(path, "a union stands directly in a union", "write its branches one after the other");
            const std::string key =
                branch->name.empty() ? std::to_string(static_cast<int>(branch->kind)) : branch->name;
            if (!seen.insert(key).second)
                return wrong(path, "a union has two branches of the type " + avroTypeText(*branch), "keep one of them");
            made->branches.push_back(branch);
        }
        if (made->branches.empty())
            return wrong(path, "a union has no branch");
        return made;
    }

    TypeResult container(AvroKind kind, std::string_view member, std::string_view json, const std::string &space,
                         const std::string &path)
    {
        const auto items = jsonMember(json, member);
        if (!items)
            return wrong(path, '"' + std::string(member) + "\" is missing");
        AvroType *const made = EVENTOPS_TRY(add(kind, path));
        made->items = EVENTOPS_TRY(type(*items, space, path + (kind == AvroKind::Map ? "{}" : "[]")));
        return made;
    }

    TypeResult definition(AvroKind kind, std::string_view json, const std::string &space, const std::string &path)
    {
        const auto name = textMember(json, "name");
        if (!name || !isFullName(*name))
            return wrong(path, name ? "\"" + name->substr(0, 200) + "\" is no name" : "\"name\" is missing",
                         "letters, digits and underscores, with dots for a namespace");
        const auto own = textMember(json, "namespace");
        if (own && !own->empty() && !isFullName(*own))
            return wrong(path, '"' + own->substr(0, 200) + "\" is no namespace");
        AvroType *const made = EVENTOPS_TRY(add(kind, path));
        made->name = qualified(*name, own.value_or(space));
        const std::string inner = path.empty() ? made->name : path;
        if (primitive(made->name) != nullptr || !m_named.emplace(made->name, made).second)
            return wrong(inner, "the name " + made->name + " is taken", "give each type a name of its own");
        made->aliases = EVENTOPS_TRY(names(json, "aliases", inner));
        for (std::string &alias : made->aliases)
            alias = qualified(alias, spaceOf(made->name));
        if (kind == AvroKind::Record)
            EVENTOPS_TRY(fields(*made, json, inner));
        else if (kind == AvroKind::Enum)
            EVENTOPS_TRY(symbols(*made, json, inner));
        else
            EVENTOPS_TRY(size(*made, json, inner));
        made->complete = true;
        return made;
    }

    Result<std::vector<std::string>> names(std::string_view json, std::string_view member, const std::string &path)
    {
        std::vector<std::string> out;
        const auto list = jsonMember(json, member);
        if (!list)
            return out;
        if (jsonKind(*list) != JsonKind::Array)
            return wrong(path, '"' + std::string(member) + "\" is a list of names");
        JsonItems items(*list);
        std::string_view unnamed, one;
        std::string scratch;
        while (items.next(unnamed, one)) {
            if (jsonKind(one) != JsonKind::String || !isFullName(jsonText(one, scratch)))
                return wrong(path, '"' + std::string(member) + "\" is a list of names");
            out.emplace_back(jsonText(one, scratch));
        }
        return out;
    }

    Status fields(AvroType &record, std::string_view json, const std::string &path)
    {
        const auto list = jsonMember(json, "fields");
        if (!list || jsonKind(*list) != JsonKind::Array)
            return wrong(path, "\"fields\" is missing", "a list of {\"name\": …, \"type\": …}");
        const std::string space(spaceOf(record.name));
        JsonItems items(*list);
        std::string_view unnamed, one;
        std::set<std::string> seen;
        while (items.next(unnamed, one)) {
            const auto name = jsonKind(one) == JsonKind::Object ? textMember(one, "name") : std::nullopt;
            if (!name || !isName(*name))
                return wrong(path, "a field has no name that Avro knows", "letters, digits and underscores");
            const std::string at = path + '.' + *name;
            if (!seen.insert(*name).second)
                return wrong(at, "two fields have this name");
            const auto written = jsonMember(one, "type");
            if (!written)
                return wrong(at, "\"type\" is missing");
            AvroField field;
            field.name = *name;
            field.type = EVENTOPS_TRY(type(*written, space, at));
            field.aliases = EVENTOPS_TRY(names(one, "aliases", at));
            EVENTOPS_TRY(fieldDefault(field, one, at));
            record.fields.push_back(std::move(field));
        }
        return Ok{};
    }

    Status fieldDefault(AvroField &field, std::string_view json, const std::string &path)
    {
        const auto given = jsonMember(json, "default");
        if (!given)
            return Ok{};
        const AvroType &of = field.type->kind == AvroKind::Union ? *field.type->branches.front() : *field.type;
        if (const std::string misfit = avroMisfit(of, *given); !misfit.empty())
            return wrong(path, "the default does not fit: " + misfit,
                         field.type->kind == AvroKind::Union ? "the default of a union is one of its first branch"
                                                             : "write a default of the field's type");
        field.hasDefault = true;
        appendJsonCompact(field.defaultJson, *given);
        return Ok{};
    }

    Status symbols(AvroType &made, std::string_view json, const std::string &path)
    {
        made.symbols = EVENTOPS_TRY(names(json, "symbols", path));
        std::set<std::string> seen;
        for (const std::string &symbol : made.symbols) {
            if (!isName(symbol) || !seen.insert(symbol).second)
                return wrong(path, "the symbol " + symbol + " is there twice or is no name");
        }
        if (made.symbols.empty())
            return wrong(path, "an enum needs symbols");
        made.enumDefault = textMember(json, "default").value_or(std::string());
        if (!made.enumDefault.empty() && !seen.contains(made.enumDefault))
            return wrong(path, "the default " + made.enumDefault + " is none of the symbols");
        return Ok{};
    }

    Status size(AvroType &made, std::string_view json, const std::string &path)
    {
        const auto given = jsonMember(json, "size");
        const auto bytes = given ? wholeNumber(*given) : std::nullopt;
        if (!bytes || *bytes < 0 || static_cast<std::uint64_t>(*bytes) > FixedBytesMax)
            return wrong(path, "\"size\" is not a number of bytes up to " + std::to_string(FixedBytesMax));
        made.size = static_cast<std::uint64_t>(*bytes);
        return Ok{};
    }

    AvroSchema &m_schema;
    const std::string m_file;
    std::map<AvroKind, const AvroType *> m_primitives;
    std::map<std::string, const AvroType *> m_named;
    unsigned m_depth = 0;
};

namespace {

/// https://avro.apache.org/docs/1.11.1/specification/#transforming-into-parsing-canonical-form
void appendCanonical(JsonWriter &out, const AvroType &type, std::set<std::string> &written)
{
    if (!type.name.empty() && !written.insert(type.name).second) {
        out.string(type.name);
        return;
    }
    switch (type.kind) {
    case AvroKind::Record:
        out.beginObject().field("name", type.name).field("type", "record").key("fields").beginArray();
        for (const AvroField &field : type.fields) {
            out.beginObject().field("name", field.name).key("type");
            appendCanonical(out, *field.type, written);
            out.endObject();
        }
        out.endArray().endObject();
        return;
    case AvroKind::Enum:
        out.beginObject().field("name", type.name).field("type", "enum").key("symbols").beginArray();
        for (const std::string &symbol : type.symbols)
            out.string(symbol);
        out.endArray().endObject();
        return;
    case AvroKind::Fixed:
        out.beginObject().field("name", type.name).field("type", "fixed").key("size").unsignedInteger(type.size);
        out.endObject();
        return;
    case AvroKind::Array:
    case AvroKind::Map:
        out.beginObject().field("type", type.kind == AvroKind::Map ? "map" : "array");
        appendCanonical(out.key(type.kind == AvroKind::Map ? "values" : "items"), *type.items, written);
        out.endObject();
        return;
    case AvroKind::Union:
        out.beginArray();
        for (const AvroType *branch : type.branches)
            appendCanonical(out, *branch, written);
        out.endArray();
        return;
    default: out.string(Primitives[static_cast<std::size_t>(type.kind)].name);
    }
}

} // namespace

Result<std::shared_ptr<const AvroSchema>> AvroSchema::parse(std::string_view json, const std::string &file)
{
    const Location where{file, 0, 0};
    if (json.size() > TextBytesMax)
        return Error{Error::Code::LimitExceeded, "the schema has more than " + std::to_string(TextBytesMax) + " bytes",
                     where};
    JsonReader reader;
    if (const JsonFailure failure = reader.read(json))
        return Error{Error::Code::InvalidConfig, "the schema is no JSON: " + failure.text(), where,
                     "an Avro schema as .avsc files have it"};
    std::shared_ptr<AvroSchema> made(new AvroSchema);
    AvroParser parser(*made, file);
    made->m_root = EVENTOPS_TRY(parser.type(reader.document(), {}, {}));
    std::set<std::string> written;
    JsonWriter canonical(made->m_canonical);
    appendCanonical(canonical, *made->m_root, written);
    return std::shared_ptr<const AvroSchema>(std::move(made));
}

} // namespace eventops
