// SPDX-License-Identifier: MIT
#include "core/codec/field_guess.h"

#include "core/codec/ascii.h"
#include "core/codec/json_envelope.h"
#include "core/codec/time_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

namespace eventops {
namespace {

constexpr std::size_t FieldsMax = 2'000;
constexpr std::size_t DepthMax = 12;
constexpr std::size_t TypeCharsMax = 80;
constexpr std::size_t NameBytesMax = 200; ///< Of a member; longer names are data.
constexpr std::size_t EpochDigitsMin = 9; ///< A smaller number is a count, not a time.

/// Small letters and digits alone: "event_time", "eventTime" and "@event-time" are the same.
std::string plain(std::string_view name)
{
    std::string out;
    for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

/// Whether a mapping may name it: YAML folds line ends, and a path ends at a quote.
bool canBeNamed(std::string_view name)
{
    return name.size() <= NameBytesMax && std::none_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '"';
    });
}

/// Text of a scalar; empty: none.
std::string textOf(std::string_view raw)
{
    std::string scratch;
    const auto text = scalarText(raw, scratch);
    return text ? std::string(*text) : std::string();
}

bool isText(const SampledField &field)
{
    return std::all_of(field.values.begin(), field.values.end(),
                       [](std::string_view value) { return jsonKind(value) == JsonKind::String; });
}

bool isNumber(const SampledField &field)
{
    return std::all_of(field.values.begin(), field.values.end(),
                       [](std::string_view value) { return jsonKind(value) == JsonKind::Number; });
}

void sample(std::string_view object, std::vector<std::string> &names, std::vector<SampledField> &out,
            std::map<std::string, std::size_t> &known)
{
    JsonItems items(object);
    std::string_view raw, value;
    std::string scratch;
    while (items.next(raw, value)) {
        names.emplace_back(jsonUnescape(raw, scratch));
        if (!canBeNamed(names.back())) {
            names.pop_back();
            continue;
        }
        if (jsonKind(value) == JsonKind::Object && names.size() < DepthMax) {
            sample(value, names, out, known);
        } else if (jsonKind(value) != JsonKind::Array && jsonKind(value) != JsonKind::Null
                   && jsonKind(value) != JsonKind::Object) {
            std::string path;
            for (const std::string &name : names) {
                const bool quoted = name.empty() || name.find_first_of(".[]") != std::string::npos
                                    || name.front() == '$' || name.front() == '^';
                path += quoted ? "[\"" + name + "\"]" : (path.empty() ? "" : ".") + name;
            }
            const auto [at, isNew] = known.emplace(path, out.size());
            if (isNew && out.size() < FieldsMax)
                out.push_back({names, path, {}});
            if (at->second < out.size())
                out[at->second].values.push_back(value);
        }
        names.pop_back();
    }
}

std::string capitalised(std::string_view word)
{
    std::string out(word);
    if (!out.empty())
        out.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(out.front())));
    return out;
}

/// "device_id", "deviceId", "device.name" → "Device"; what is named so is one of those.
std::string entityType(const SampledField &field)
{
    const auto ends = [](const std::string &word, std::string_view end) {
        return word.size() > end.size() && std::string_view(word).ends_with(end);
    };
    std::string name = plain(field.names.back());
    if ((name == "id" || name == "name") && field.names.size() > 1)
        name = plain(field.names[field.names.size() - 2]);
    for (const std::string_view end : {"identifier", "name", "uuid", "arn", "id"}) {
        if (ends(name, end)) {
            name.resize(name.size() - end.size());
            break;
        }
    }
    return capitalised(name);
}

class Guesser
{
public:
    explicit Guesser(std::span<const SampledField> fields) : m_fields(fields), m_taken(fields.size()) {}
    std::vector<GuessedField> guess();

private:
    using Fits = bool (*)(const SampledField &);
    const SampledField *take(std::initializer_list<std::string_view> names, Fits fits, bool keeps = false);
    const SampledField *takeMarked(std::size_t index, bool keeps);
    void add(std::string field, const SampledField *from);
    void time();
    void entity();
    void message();
    void measurement();

    const std::span<const SampledField> m_fields;
    std::vector<bool> m_taken;
    std::vector<GuessedField> m_out;
};

const SampledField *Guesser::takeMarked(std::size_t index, bool keeps)
{
    if (!keeps)
        m_taken[index] = true;
    return &m_fields[index];
}

/// The first of @p names that a field has, of several the one least deep.
const SampledField *Guesser::take(std::initializer_list<std::string_view> names, Fits fits, bool keeps)
{
    for (const std::string_view name : names) {
        std::size_t best = m_fields.size();
        for (std::size_t i = 0; i < m_fields.size(); ++i) {
            const auto &path = m_fields[i].names;
            const std::string own = plain(path.back());
            const bool named = own == name || (path.size() > 1 && plain(path[path.size() - 2]) + own == name);
            if (!m_taken[i] && named && fits(m_fields[i])
                && (best == m_fields.size() || path.size() < m_fields[best].names.size()))
                best = i;
        }
        if (best < m_fields.size())
            return takeMarked(best, keeps);
    }
    return nullptr;
}

void Guesser::add(std::string field, const SampledField *from)
{
    if (from != nullptr)
        m_out.push_back({std::move(field), yamlScalar(from->path)});
}

void Guesser::time()
{
    const auto isTime = [](const SampledField &field) {
        return guessTimeFormat(field.values).has_value();
    };
    const SampledField *found =
        take({"timestamp", "eventtime", "time", "ts", "eventtimestamp", "datetime", "occurredat", "happenedat", "date",
              "createdat", "created", "starttime", "startedat", "startsat", "updatedat", "at", "when"},
             isTime);
    for (std::size_t i = 0; found == nullptr && i < m_fields.size(); ++i) {
        if (isText(m_fields[i]) && isTime(m_fields[i]))
            found = takeMarked(i, false);
    }
    if (found == nullptr)
        return;
    const std::string format = *guessTimeFormat(found->values);
    m_out.push_back({"ts", format.empty()
                               ? yamlScalar(found->path)
                               : "{path: " + yamlScalar(found->path) + ", format: " + yamlScalar(format) + '}'});
}

void Guesser::entity()
{
    const auto isName = [](const SampledField &field) {
        return !field.values.empty();
    };
    const SampledField *found = take(
        {"entityid", "hostname",   "host",      "servicename", "service",     "deviceid", "device",    "sensorid",
         "sensor",   "instanceid", "instance",  "node",        "nodename",    "podname",  "pod",       "container",
         "machine",  "server",     "clusterid", "cluster",     "application", "app",      "component", "resourceid",
         "resource", "orderid",    "jobid",     "objectid",    "userid",      "user",     "source"},
        isName, true);
    for (std::size_t i = 0; found == nullptr && i < m_fields.size(); ++i) { // whatever else has an id
        const std::string name = plain(m_fields[i].names.back());
        if (!m_taken[i] && name.ends_with("id") && (name.size() > 2 || m_fields[i].names.size() > 1))
            found = takeMarked(i, false);
    }
    if (found == nullptr)
        return;
    const SampledField *type = take({"entitytype"}, isText);
    const std::string typeText =
        type != nullptr ? yamlScalar(type->path) : "{const: " + yamlScalar(entityType(*found)) + '}';
    m_out.push_back({"entity", "{type: " + typeText + ", id: " + yamlScalar(found->path) + '}'});
}

void Guesser::message()
{
    const SampledField *found = take({"message", "msg", "summary", "description", "text", "title", "subject", "detail",
                                      "details", "reason", "errormessage", "error", "log", "body", "note"},
                                     isText);
    std::size_t longest = 0;
    for (std::size_t i = 0; found == nullptr && i < m_fields.size(); ++i) {
        const std::string text = textOf(m_fields[i].values.front());
        if (!m_taken[i] && isText(m_fields[i]) && text.find(' ') != std::string::npos && text.size() > longest) {
            longest = text.size();
            found = &m_fields[i];
        }
    }
    add("message", found);
}

void Guesser::measurement()
{
    const SampledField *value = take({"value", "val", "reading", "measurementvalue", "duration", "durationms",
                                      "latencyms", "latency", "temperature", "load", "usage"},
                                     isNumber);
    if (value == nullptr)
        return;
    const SampledField *metric = take({"metric", "metricname", "measurement", "measure"}, isText);
    m_out.push_back(
        {"metric", metric != nullptr ? yamlScalar(metric->path) : "{const: " + yamlScalar(value->names.back()) + '}'});
    add("value", value);
    add("unit", take({"unit", "units", "uom"}, isText));
}

std::vector<GuessedField> Guesser::guess()
{
    const auto isShort = [](const SampledField &field) {
        return isText(field) && textOf(field.values.front()).size() <= TypeCharsMax;
    };
    const auto isSeverity = [](const SampledField &field) {
        std::string scratch;
        return std::any_of(field.values.begin(), field.values.end(), [&](std::string_view value) {
            return jsonKind(value) == JsonKind::String && jsonSeverity(value, scratch) != Severity::Unset;
        });
    };
    const auto isOwn = [](const SampledField &field) { // another one in each document
        return std::set<std::string_view>(field.values.begin(), field.values.end()).size() == field.values.size();
    };
    const auto isAny = [](const SampledField &) {
        return true;
    };
    // Taken wrongly, events of one device would count as one event: below a member an id is that member's.
    const auto isOwnAtRoot = [](const SampledField &field) {
        return field.names.size() == 1
               && std::set<std::string_view>(field.values.begin(), field.values.end()).size() == field.values.size();
    };
    const SampledField *id = take({"eventid", "messageid", "msgid"}, isOwn);
    add("event_id", id != nullptr ? id : take({"uuid", "guid", "id"}, isOwnAtRoot));
    time();
    const SampledField *type = take(
        {"eventtype", "type", "eventname", "event", "kind", "action", "operation", "op", "category", "topic"}, isShort);
    add("type", type);
    add("step", type);
    add("severity", take({"severity", "level", "loglevel", "lvl", "priority", "status", "state"}, isSeverity));
    add("tenant", take({"tenant", "tenantid"}, isText));
    add("correlation_id", take({"correlationid", "requestid", "reqid", "sessionid"}, isAny));
    add("trace_id", take({"traceid"}, isText));
    add("span_id", take({"spanid"}, isText));
    message();
    measurement();
    entity();
    return std::move(m_out);
}

} // namespace

std::vector<SampledField> sampleFields(std::span<const std::string_view> elements)
{
    std::vector<SampledField> out;
    std::map<std::string, std::size_t> known;
    std::vector<std::string> names;
    for (const std::string_view element : elements)
        sample(element, names, out, known);
    return out;
}

std::vector<GuessedField> guessFields(std::span<const SampledField> fields)
{
    return Guesser(fields).guess();
}

std::optional<std::string> guessTimeFormat(std::span<const std::string_view> values)
{
    constexpr std::array Formats = {
        "%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S",        "%d/%b/%Y:%H:%M:%S %z",
        "%d.%m.%Y %H:%M:%S",    "%d/%m/%Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S %z", "%b %d, %Y %H:%M:%S",
    };
    if (values.empty())
        return std::nullopt;
    const auto readsItself = [](std::string_view value) {
        std::string scratch;
        std::string_view text;
        const bool tooShort = jsonKind(value) == JsonKind::Number && value.size() < EpochDigitsMin;
        return !tooShort && textOf(value).size() >= EpochDigitsMin && jsonTime(value, scratch, text).has_value();
    };
    if (std::all_of(values.begin(), values.end(), readsItself))
        return std::string();
    for (const char *format : Formats) {
        std::string error;
        const auto compiled = TimeFormat::compile(format, {}, error);
        if (compiled && std::all_of(values.begin(), values.end(), [&](std::string_view value) {
                return compiled->parse(textOf(value)).has_value();
            }))
            return std::string(format);
    }
    return std::nullopt;
}

std::string yamlScalar(std::string_view text)
{
    constexpr std::array Words = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
    const std::string small = lowered(text);
    const bool isWord = std::find(Words.begin(), Words.end(), small) != Words.end();
    const bool isPlain =
        !text.empty() && !isWord && std::isalpha(static_cast<unsigned char>(text.front())) != 0
        && std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
           });
    if (isPlain)
        return std::string(text);
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + '\'';
}

} // namespace eventops
