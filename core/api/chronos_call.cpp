// SPDX-License-Identifier: MIT
#include "core/api/chronos_call.h"

#include "core/api/api_routes.h"
#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_envelope.h"

#include <charconv>
#include <cstdio>

namespace eventops::api {
namespace {

constexpr std::size_t ListItemsMax = 10'000;

void appendText(JsonWriter &json, std::string_view name, const std::optional<std::string> &text)
{
    if (text)
        json.field(name, *text);
    else
        json.key(name).null();
}

/// The members of a transformer's settings, as they are written.
void appendSettings(JsonWriter &json, std::string_view settings)
{
    JsonItems items(settings);
    std::string_view name, value;
    std::string scratch;
    while (items.next(name, value))
        json.key(jsonUnescape(name, scratch)).raw(value);
}

} // namespace

void refuseChronos(HttpExchange &exchange, unsigned status, std::string_view detail)
{
    std::string body;
    JsonWriter(body).beginObject().field("detail", detail).endObject();
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    if (status == 503)
        response.headers.push_back({"Retry-After", "1"});
    exchange.respond(std::move(response));
}

void refuseChronos(HttpExchange &exchange, const std::vector<ChronosFault> &faults)
{
    std::string body;
    JsonWriter json(body);
    json.beginObject().key("detail").beginArray();
    for (const ChronosFault &fault : faults) {
        json.beginObject().key("loc").beginArray().string(fault.place);
        if (!fault.name.empty())
            json.string(fault.name);
        json.endArray().field("msg", fault.message).field("type", fault.type).endObject();
    }
    json.endArray().endObject();
    respondJson(exchange, std::move(body), 422);
}

unsigned chronosStatus(const Error &error)
{
    switch (error.code) {
    case Error::Code::Refused: return 409;
    case Error::Code::InvalidConfig:
    case Error::Code::InvalidInput:
    case Error::Code::InvalidArgument: return 422;
    case Error::Code::NotFound: return 404;
    case Error::Code::LimitExceeded: return 413;
    case Error::Code::Full: return 507;
    case Error::Code::Busy:
    case Error::Code::Unavailable:
    case Error::Code::Cancelled: return 503;
    case Error::Code::Io:
    case Error::Code::Corrupt: return 500;
    }
    return 500;
}

ChronosBody::ChronosBody(const ApiCall &call)
    : m_exchange(call.exchange), m_faults(std::make_shared<std::vector<ChronosFault>>())
{
    const HttpRequest &request = m_exchange->request();
    const std::string *type = request.header("content-type");
    if (type == nullptr || !type->starts_with("application/json"))
        m_faults->push_back({"header", "content-type", "send Content-Type: application/json", "value_error"});
    else if (const JsonFailure failure = m_reader.read(request.body))
        m_faults->push_back({"body", {}, failure.text(), "value_error.jsondecode"});
    else if (m_reader.kind() != JsonKind::Object)
        m_faults->push_back({"body", {}, "value is not a valid dict", "type_error.dict"});
    else
        m_object = m_reader.document();
}

bool ChronosBody::accepted() const
{
    if (m_faults->empty())
        return true;
    refuseChronos(*m_exchange, *m_faults);
    return false;
}

void ChronosBody::fault(std::string_view name, std::string message, std::string type)
{
    if (m_faults->size() < 100)
        m_faults->push_back({"body", std::string(name), std::move(message), std::move(type)});
}

std::string_view ChronosBody::raw(std::string_view name)
{
    const auto value = jsonMember(m_object, name);
    return !value || jsonKind(*value) == JsonKind::Null ? std::string_view() : *value;
}

std::string ChronosBody::text(std::string_view name, bool needed)
{
    const auto given = optionalText(name);
    if (needed && (!given || given->empty()))
        missing(name);
    return given.value_or("");
}

std::optional<std::string> ChronosBody::optionalText(std::string_view name)
{
    const std::string_view value = raw(name);
    if (value.empty())
        return std::nullopt;
    std::string scratch;
    if (jsonKind(value) == JsonKind::String)
        return std::string(jsonText(value, scratch));
    fault(name, "str type expected", "type_error.str");
    return std::nullopt;
}

std::int64_t ChronosBody::integer(std::string_view name, bool needed, std::int64_t otherwise)
{
    const std::string_view value = raw(name);
    if (value.empty()) {
        if (needed)
            missing(name);
        return otherwise;
    }
    std::string scratch;
    const std::string_view digits = jsonKind(value) == JsonKind::String ? jsonText(value, scratch) : value;
    std::int64_t out = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (failed == std::errc() && end == digits.data() + digits.size())
        return out;
    fault(name, "value is not a valid integer", "type_error.integer");
    return otherwise;
}

bool ChronosBody::boolean(std::string_view name, bool otherwise)
{
    const std::string_view value = raw(name);
    if (value.empty())
        return otherwise;
    if (value != "true" && value != "false")
        fault(name, "value could not be parsed to a boolean", "type_error.bool");
    return value == "true";
}

std::string ChronosBody::object(std::string_view name, bool needed, std::string_view otherwise)
{
    const std::string_view value = raw(name);
    if (!value.empty() && jsonKind(value) == JsonKind::Object)
        return std::string(value);
    if (!value.empty())
        fault(name, "value is not a valid dict", "type_error.dict");
    else if (needed)
        missing(name);
    return std::string(otherwise);
}

template <typename Take>
void ChronosBody::list(std::string_view name, Take take)
{
    const std::string_view value = raw(name);
    if (value.empty())
        return;
    if (jsonKind(value) != JsonKind::Array)
        return fault(name, "value is not a valid list", "type_error.list");
    JsonItems items(value);
    std::string_view unnamed, item;
    std::size_t count = 0;
    while (items.next(unnamed, item)) {
        if (++count > ListItemsMax)
            return fault(name, "more than 10000 values", "value_error.list.max_items");
        if (!take(item))
            return fault(name, "a value of the list has the wrong type", "type_error");
    }
}

std::vector<std::string> ChronosBody::texts(std::string_view name)
{
    std::vector<std::string> out;
    std::string scratch;
    list(name, [&](std::string_view item) {
        if (jsonKind(item) != JsonKind::String)
            return false;
        out.emplace_back(jsonText(item, scratch));
        return true;
    });
    return out;
}

std::vector<std::int64_t> ChronosBody::integers(std::string_view name)
{
    std::vector<std::int64_t> out;
    list(name, [&](std::string_view item) {
        const auto [end, failed] = std::from_chars(item.data(), item.data() + item.size(), out.emplace_back());
        return failed == std::errc() && end == item.data() + item.size();
    });
    return out;
}

WallNs ChronosBody::time(std::string_view name)
{
    const std::string_view value = raw(name);
    if (value.empty())
        return NoTime;
    std::string scratch;
    std::string_view text;
    const auto found = jsonTime(value, scratch, text);
    if (!found)
        fault(name, "invalid datetime format", "value_error.datetime");
    return found.value_or(NoTime);
}

ChronosBody ChronosBody::inside(std::string_view name)
{
    const std::string_view value = raw(name);
    if (!value.empty() && jsonKind(value) != JsonKind::Object)
        fault(name, "value is not a valid dict", "type_error.dict");
    return {m_faults, m_exchange, !value.empty() && jsonKind(value) == JsonKind::Object ? value : "{}"};
}

std::optional<std::int64_t> chronosId(const ApiCall &call, std::string_view name)
{
    const std::string &text = call.pathValue(name);
    std::int64_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failed == std::errc() && end == text.data() + text.size())
        return out;
    refuseChronos(*call.exchange, {{"path", std::string(name), "value is not a valid integer", "type_error.integer"}});
    return std::nullopt;
}

void answerChronos(const ChronosTools &tools, const ApiCall &call, bool writes, ChronosWork work,
                   std::function<void()> after)
{
    if (tools.desk == nullptr)
        return refuseChronos(*call.exchange, 503, "this server has no transformers");
    if (writes && tools.readOnly)
        return refuseChronos(*call.exchange, 403, "this server changes nothing: it was started with --read-only");
    if (writes && call.caller.role == Role::Viewer)
        return refuseChronos(*call.exchange, 403, "viewers may not change anything; use an operator's token");
    const auto body = std::make_shared<std::string>();
    tools.desk->post(
        writes,
        [work = std::move(work), tenants = call.caller.tenants, body](TransformStore &store) -> Status {
            *body = EVENTOPS_TRY(work(store, tenants));
            return Ok{};
        },
        [exchange = call.exchange, body, after = std::move(after)](const Status &status) {
            if (!status)
                return refuseChronos(*exchange, chronosStatus(status.error()), status.error().text());
            if (after)
                after();
            respondJson(*exchange, std::move(*body));
        });
}

std::string chronosTenant(const Caller &caller)
{
    return caller.tenants.empty() ? std::string("default") : caller.tenants.front();
}

Route chronosRoute(std::string_view method, std::string_view path, std::string_view summary, bool writes,
                   std::function<void(ApiCall)> handle)
{
    Route route;
    route.method = method;
    route.path = path;
    route.access = writes ? RouteAccess::SeedIngest : RouteAccess::Seed;
    route.summary = summary;
    route.answers = "application/json";
    route.errors = "application/json";
    route.handle = std::move(handle);
    route.readsAll = true;
    return route;
}

std::string sourceJson(const TransformSource &source)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("SourceID").integer(source.id).field("SourceName", source.name);
    json.field("Description", source.description).field("EventFormatType", source.contentType).endObject();
    return out;
}

std::string transformerJson(const TransformerRow &row)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("TransformerName", row.name).field("TransformerType", row.type);
    json.field("Description", row.description).key("SourceID").integer(row.source).field("ProcessType", row.process);
    appendSettings(json, row.settings);
    json.key("TransformerID").integer(row.id).key("IsActive").boolean(row.active).endObject();
    return out;
}

std::string secondsText(WallNs time)
{
    if (time == NoTime)
        return {};
    const CivilTime t = civilTime(time);
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u:%02u", t.year, t.month, t.day, t.hour, t.minute,
                  t.second);
    return text;
}

std::string isoText(WallNs time)
{
    constexpr std::int64_t NsPerMicrosecond = 1'000; // datetimes of Python hold no more
    return time == NoTime ? std::string() : formatTimestamp(WallNs{raw(time) / NsPerMicrosecond * NsPerMicrosecond});
}

std::string rawEventJson(const RawEvent &event)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("RawEventID").integer(event.id).field("Source", event.source);
    json.field("EventData", event.body).field("EventTimestamp", secondsText(event.time));
    json.field("IngestionTimestamp", secondsText(event.ingested)).field("ContentType", event.contentType);
    if (!isValidUtf8(event.body))
        json.field("EventDataBase64", base64(event.body));
    json.endObject();
    return out;
}

std::string processedJson(const ProcessedRow &row)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("ProcessedEventID").integer(row.id).key("RawEventID").integer(row.rawEvent);
    json.field("EventType", row.event.type);
    json.key("EventData").raw(row.event.data);
    appendText(json, "EntityID", row.event.entity);
    json.key("SourceID").integer(row.source).key("TransformerID").integer(row.transformer);
    appendText(json, "Severity", row.event.severity);
    appendText(json, "Message", row.event.message);
    json.field("IngestionTime", isoText(row.processed)).field("ProcessedTime", isoText(row.processed));
    json.field("Timestamp", isoText(row.processed)).endObject();
    return out;
}

std::string entityJson(const TransformerOutput::EntityRef &entity)
{
    std::string out;
    JsonWriter(out).beginObject().field("EntityID", entity.id).field("EntityType", entity.type).endObject();
    return out;
}

std::string linkJson(const RelationRow &row)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("LinkID").integer(row.id).field("SourceEntityID", row.source);
    json.field("DestinationEntityID", row.target).field("CreatedAt", secondsText(row.created)).endObject();
    return out;
}

} // namespace eventops::api
