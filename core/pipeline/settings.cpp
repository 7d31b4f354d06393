// SPDX-License-Identifier: MIT
#include "core/pipeline/settings.h"

#include "core/base/json.h"
#include "core/base/types.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

constexpr std::size_t NameBytesMax = 64;   ///< Longer names are not compared.
constexpr std::size_t ShownBytesMax = 80;  ///< Of an offending value in a message.
constexpr std::size_t ListedNamesMax = 40; ///< In a remedy.

/// Optimal string alignment distance (Damerau, CACM 7(3), 1964, restricted to one swap a pair).
std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::array<std::array<std::size_t, NameBytesMax + 1>, 3> rows{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto &row = rows[i % 3];
        const auto &above = rows[(i + 2) % 3];
        const auto &twoAbove = rows[(i + 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], twoAbove[j - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

std::string shown(const Value &value)
{
    if (value.isNull())
        return "nothing";
    if (!value.isScalar())
        return value.isMap() ? "a map" : "a list";
    const Result<std::string> text = value.text();
    if (text.value().size() <= ShownBytesMax)
        return '"' + text.value() + '"';
    return '"' + text.value().substr(0, ShownBytesMax) + "…\"";
}

bool isFile(const FieldSpec &field)
{
    return field.type == "yaml_file" || field.type == "yaml_files";
}

/// "required" has no default; an empty default of anything but a text is nothing.
Value defaultOf(const FieldSpec &field, const Location &where)
{
    if (field.defaultValue == "[]" || (field.type == "yaml_files" && field.defaultValue.empty()))
        return Value::list({}, where);
    if (field.defaultValue == "{}")
        return Value::map({}, where);
    if (field.defaultValue == "\"\"" || (field.type == "string" && field.defaultValue.empty()))
        return Value::scalar("", where, true);
    if (field.defaultValue.empty() || field.defaultValue == "null")
        return {};
    return Value::scalar(std::string(field.defaultValue), where, field.type == "string");
}

Error expected(const Value &value, const FieldSpec &field, std::string_view what, std::string wanted)
{
    std::string remedy(field.help);
    if (value.isNull() && field.defaultValue != "required")
        remedy = "leave the field out for its default" +
                 (field.defaultValue.empty() ? std::string() : " " + std::string(field.defaultValue));
    else if (!remedy.empty() && remedy.back() == '.')
        remedy.pop_back();
    Error error = value.error("field \"" + std::string(field.name) + "\" of " + std::string(what) + ": expected " +
                                  std::move(wanted) + ", found " + shown(value),
                              std::move(remedy));
    if (!value.isScalar())
        error.where = value.keyWhere();
    return error;
}

Status checkEnum(const Value &value, const FieldSpec &field, std::string_view what)
{
    const std::string_view choices = field.type.substr(5);
    if (value.isScalar()) {
        const Result<std::string> text = value.text();
        for (std::size_t from = 0; from <= choices.size();) {
            const std::size_t end = std::min(choices.find('|', from), choices.size());
            if (choices.substr(from, end - from) == text.value())
                return Ok{};
            from = end + 1;
        }
    }
    std::string list(choices);
    for (std::size_t at = 0; (at = list.find('|', at)) != std::string::npos; at += 2)
        list.replace(at, 1, ", ");
    return expected(value, field, what, "one of " + list);
}

Status checkType(const Value &value, const FieldSpec &field, std::string_view what)
{
    const auto require = [&](bool ok, std::string wanted) -> Status {
        if (ok)
            return Ok{};
        return expected(value, field, what, std::move(wanted));
    };
    if (field.type == "int")
        return require(static_cast<bool>(value.integer()), "a whole number");
    if (field.type == "float")
        return require(static_cast<bool>(value.number()), "a number");
    if (field.type == "bool")
        return require(static_cast<bool>(value.boolean()), "true or false");
    if (field.type == "duration")
        return require(static_cast<bool>(value.durationNs()), "a duration such as 500ms, 90s, 5m, 2h or 7d");
    if (field.type == "string")
        return require(value.isScalar(), "a text");
    if (field.type == "list")
        return require(value.isList(), "a list");
    if (field.type == "map")
        return require(value.isMap(), "a map");
    if (field.type.starts_with("enum:"))
        return checkEnum(value, field, what);
    return Ok{};
}

Result<Value> loadContent(const Value &value, const FieldSpec &field, std::string_view what, const LoadFile &load)
{
    if (!value.isScalar())
        return value.isNull() ? Result<Value>(expected(value, field, what, "a file name")) : Result<Value>(value);
    if (!load)
        return value.error("field \"" + std::string(field.name) + "\" of " + std::string(what) +
                           " names a file where none can be read");
    return load(value);
}

/// The member as the component gets it: files read, type checked.
Result<Value> resolved(const Value &value, const FieldSpec &field, std::string_view what, const LoadFile &load)
{
    if (field.type == "yaml_file") {
        if (value.isScalar() && value.text().value().empty()) // an empty path is the same as none
            return Value();
        return loadContent(value, field, what, load);
    }
    if (field.type == "yaml_files") {
        if (!value.isList())
            return expected(value, field, what, "a list of file names");
        std::vector<Value> files;
        for (const Value &item : value.items())
            files.push_back(EVENTOPS_TRY(loadContent(item, field, what, load)));
        return Value::list(std::move(files), value.where());
    }
    EVENTOPS_TRY(checkType(value, field, what));
    return value;
}

void appendCanonicalScalar(std::string &out, const Value &value, std::string_view type)
{
    if (type == "int")
        out += std::to_string(value.integer().value());
    else if (type == "float")
        appendJsonNumber(out, value.number().value());
    else if (type == "duration")
        appendJsonString(out, canonicalDuration(value.durationNs().value()));
    else if (type == "bool")
        out += value.text().value();
    else if (type == "string" || type.starts_with("enum:"))
        appendJsonString(out, value.text().value());
    else
        value.appendJson(out);
}

} // namespace

std::string_view nearestName(std::string_view name, std::span<const std::string_view> known)
{
    std::string_view best;
    std::size_t bestDistance = std::max<std::size_t>(1, name.size() / 3) + 1;
    for (const std::string_view candidate : known) {
        if (name.size() > NameBytesMax || candidate.size() > NameBytesMax)
            continue;
        const std::size_t distance = editDistance(name, candidate);
        if (distance < bestDistance) {
            best = candidate;
            bestDistance = distance;
        }
    }
    return best;
}

std::string unknownNameRemedy(std::string_view name, std::span<const std::string_view> known, std::string_view kind)
{
    std::string out;
    if (const std::string_view nearest = nearestName(name, known); !nearest.empty())
        out = "did you mean \"" + std::string(nearest) + "\"? ";
    if (known.empty())
        return out + "there are no " + std::string(kind);
    out += "known " + std::string(kind) + ": ";
    for (std::size_t i = 0; i < known.size() && i < ListedNamesMax; ++i) {
        if (i > 0)
            out += ", ";
        out += known[i];
    }
    if (known.size() > ListedNamesMax)
        out += ", …";
    return out;
}

Result<Value> checkSettings(const Value &given, std::span<const FieldSpec> fields, std::string_view what,
                            const LoadFile &load)
{
    if (!given.isMap() && !given.isNull()) {
        Error error = given.error(std::string(what) + ": expected a map of fields, found " + shown(given));
        error.where = given.keyWhere();
        return error;
    }
    for (const Value::Member &member : given.members()) {
        if (std::any_of(fields.begin(), fields.end(), [&](const FieldSpec &f) { return f.name == member.first; }))
            continue;
        std::vector<std::string_view> names;
        for (const FieldSpec &field : fields)
            names.push_back(field.name);
        Error error = member.second.error("unknown field \"" + member.first + "\" in " + std::string(what),
                                          unknownNameRemedy(member.first, names, "fields"));
        error.where = member.second.keyWhere();
        return error;
    }
    std::vector<Value::Member> members;
    for (const FieldSpec &field : fields) {
        const Value *value = given.find(field.name);
        if (value != nullptr) {
            members.emplace_back(field.name, EVENTOPS_TRY(resolved(*value, field, what, load)));
            continue;
        }
        if (field.defaultValue == "required") {
            Error error = given.error(std::string(what) + " lacks the field \"" + std::string(field.name) + '"',
                                      std::string(field.help.substr(0, field.help.find_last_not_of('.') + 1)));
            error.where = given.keyWhere();
            return error;
        }
        Value filled = defaultOf(field, given.where());
        if (isFile(field) && filled.isScalar())
            filled = EVENTOPS_TRY(loadContent(filled, field, what, load));
        members.emplace_back(field.name, std::move(filled));
    }
    Value out = Value::map(std::move(members), given.where());
    const Location key = given.keyWhere();
    out.setKey(key.line, key.column);
    return out;
}

std::string canonicalDuration(std::int64_t ns)
{
    constexpr std::pair<std::int64_t, const char *> Units[] = {{86'400 * NsPerSecond, "d"}, {3'600 * NsPerSecond, "h"},
                                                               {60 * NsPerSecond, "m"}, {NsPerSecond, "s"}};
    if (ns == 0)
        return "0s";
    for (const auto &[size, name] : Units) {
        if (ns % size == 0)
            return std::to_string(ns / size) + name;
    }
    return std::to_string(ns / NsPerMs) + "ms";
}

void appendCanonicalJson(std::string &out, const Value &checked, std::span<const FieldSpec> fields)
{
    out += '{';
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0)
            out += ',';
        appendJsonString(out, fields[i].name);
        out += ':';
        const Value &value = checked.at(fields[i].name);
        if (value.isScalar())
            appendCanonicalScalar(out, value, fields[i].type);
        else
            value.appendJson(out);
    }
    out += '}';
}

} // namespace eventops
