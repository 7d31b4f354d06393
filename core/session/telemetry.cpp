// SPDX-License-Identifier: MIT
#include "core/session/telemetry.h"

#include "core/base/curl_handles.h"
#include "core/base/json.h"
#include "core/codec/otlp_request.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>

namespace eventops {
namespace {

constexpr std::chrono::seconds SendEvery{1};
constexpr long SendTimeMs = 2'000;
constexpr std::size_t BatchMax = 512;
constexpr std::size_t TraceDigits = 32, SpanDigits = 16;

bool isHex(std::string_view text, std::size_t digits)
{
    const bool digitsOnly =
        std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    return text.size() == digits && digitsOnly && text.find_first_not_of('0') != std::string_view::npos;
}

/// "00-TRACE-SPAN-FLAGS"; false: it is none.
bool parseTraceParent(std::string_view text, std::string_view &trace, std::string_view &span)
{
    if (text.size() < 55 || text.substr(0, 3) != "00-" || text[35] != '-' || text[52] != '-')
        return false;
    trace = text.substr(3, TraceDigits);
    span = text.substr(36, SpanDigits);
    return isHex(trace, TraceDigits) && isHex(span, SpanDigits);
}

void appendAttributes(JsonWriter &json, const std::vector<Telemetry::Attribute> &attributes)
{
    json.key("attributes").beginArray();
    for (const auto &[name, value] : attributes) {
        json.beginObject().field("key", name).key("value").beginObject();
        if (const auto *number = std::get_if<std::int64_t>(&value))
            json.field("intValue", std::to_string(*number)); // OTLP/JSON writes 64-bit integers as texts
        else
            json.field("stringValue", std::get<std::string>(value));
        json.endObject().endObject();
    }
    json.endArray();
}

std::size_t ignoreAnswer(char *, std::size_t, std::size_t size, void *)
{
    return size;
}

} // namespace

Result<TelemetrySettings> TelemetrySettings::fromEnvironment(const Environment &environment)
{
    const auto text = [&](const char *name) {
        const char *value = environment(name);
        return std::string(value == nullptr ? "" : value);
    };
    TelemetrySettings settings;
    settings.endpoint = text("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (!settings.endpoint.empty() && !settings.endpoint.starts_with("http://")
        && !settings.endpoint.starts_with("https://"))
        return Error{Error::Code::InvalidConfig,
                     "OTEL_EXPORTER_OTLP_ENDPOINT is \"" + settings.endpoint + '"',
                     {},
                     "give a URL like http://localhost:4318"};
    while (settings.endpoint.ends_with('/'))
        settings.endpoint.pop_back();
    if (const std::string name = text("OTEL_SERVICE_NAME"); !name.empty())
        settings.serviceName = name;
    const std::string headers = text("OTEL_EXPORTER_OTLP_HEADERS"); // a=1,b=2
    for (std::size_t at = 0; at < headers.size();) {
        const std::size_t end = std::min(headers.find(',', at), headers.size());
        const std::string one = headers.substr(at, end - at);
        const std::size_t equals = one.find('=');
        if (equals == std::string::npos || equals == 0 || !isHeaderText(one))
            return Error{Error::Code::InvalidConfig,
                         "OTEL_EXPORTER_OTLP_HEADERS is no list of name=value",
                         {},
                         "for example authorization=Basic abc,x-tenant=acme"};
        settings.headers.push_back(one.substr(0, equals) + ": " + one.substr(equals + 1));
        at = end + 1;
    }
    return settings;
}

struct Telemetry::Parts {
    TelemetrySettings settings;
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::vector<Span> spans;
    std::vector<LogRecord> records;
    Counts counts;
    bool stop = false;
    std::mt19937_64 random{std::random_device{}()}; ///< For ids alone: nothing that is stored depends on it.
    std::thread thread;

    std::string newId(std::size_t digits)
    {
        std::string out;
        while (out.size() < digits) {
            for (std::uint64_t bits = random(), i = 0; i < SpanDigits; ++i, bits >>= 4)
                out += "0123456789abcdef"[bits & 15];
        }
        return out;
    }

    void appendSpan(JsonWriter &json, const Span &span)
    {
        std::string_view trace, parent;
        const bool known = parseTraceParent(span.parent, trace, parent);
        json.beginObject().field("traceId", known ? std::string(trace) : newId(TraceDigits));
        json.field("spanId", newId(SpanDigits));
        if (known)
            json.field("parentSpanId", parent);
        json.field("name", span.name).key("kind").unsignedInteger(static_cast<unsigned>(span.kind));
        json.field("startTimeUnixNano", std::to_string(raw(span.start)));
        json.field("endTimeUnixNano", std::to_string(raw(span.end)));
        appendAttributes(json, span.attributes);
        json.key("status").beginObject();
        if (!span.error.empty())
            json.key("code").unsignedInteger(2).field("message", span.error);
        json.endObject().endObject();
    }

    static void appendRecord(JsonWriter &json, const LogRecord &record)
    {
        json.beginObject().field("timeUnixNano", std::to_string(raw(record.time)));
        json.key("severityNumber").unsignedInteger(static_cast<unsigned>(record.severityNumber));
        json.key("body").beginObject().field("stringValue", record.body).endObject();
        appendAttributes(json, record.attributes);
        json.endObject();
    }

    bool post(const char *path, const std::string &body) const
    {
        const std::unique_ptr<CURL, CurlDelete> curl(curl_easy_init());
        if (!curl)
            return false;
        curl_slist *list = nullptr;
        const auto header = [&](const std::string &line) {
            if (curl_slist *longer = curl_slist_append(list, line.c_str()))
                list = longer;
        };
        header("Content-Type: application/json");
        header("Expect:"); // no waiting for "100 Continue"
        for (const std::string &line : settings.headers)
            header(line);
        const std::unique_ptr<curl_slist, CurlDelete> owner(list);
        const std::string url = settings.endpoint + path;
        curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl.get(), CURLOPT_PROXY, ""); // the configured endpoint and nothing else
        curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, SendTimeMs);
        curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "eventops");
        curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, owner.get());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
        curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, ignoreAnswer);
        long status = 0;
        if (curl_easy_perform(curl.get()) != CURLE_OK)
            return false;
        curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
        return status >= 200 && status < 300;
    }

    template <typename Item, typename Append>
    void send(std::vector<Item> items, OtlpSignal signal, Append append)
    {
        for (std::size_t at = 0; at < items.size(); at += BatchMax) {
            const std::size_t end = std::min(at + BatchMax, items.size());
            std::string list;
            for (std::size_t i = at; i < end; ++i) {
                list += i == at ? "" : ",";
                JsonWriter json(list);
                append(json, items[i]);
            }
            const bool delivered =
                post(otlpPath(signal), otlpRequest(signal, settings.serviceName, settings.serviceVersion, list));
            const std::lock_guard lock(mutex);
            (delivered ? counts.delivered : counts.dropped) += end - at;
        }
    }

    void work()
    {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait_for(lock, SendEvery, [&] { return stop; });
            if (spans.empty() && records.empty() && !stop)
                wake.wait(lock, [&] { return stop || !spans.empty() || !records.empty(); }); // no wake-ups when idle
            const bool last = stop;
            auto spansNow = std::exchange(spans, {});
            auto recordsNow = std::exchange(records, {});
            lock.unlock();
            send(std::move(spansNow), OtlpSignal::Traces,
                 [this](JsonWriter &json, const Span &span) { appendSpan(json, span); });
            send(std::move(recordsNow), OtlpSignal::Logs,
                 [](JsonWriter &json, const LogRecord &record) { appendRecord(json, record); });
            lock.lock();
            if (last)
                return;
        }
    }
};

Telemetry::Telemetry(TelemetrySettings settings) : m_parts(std::make_unique<Parts>())
{
    m_parts->settings = std::move(settings);
    if (!m_parts->settings.endpoint.empty())
        m_parts->thread = std::thread([parts = m_parts.get()] { parts->work(); });
}

Telemetry::~Telemetry()
{
    {
        const std::lock_guard lock(m_parts->mutex);
        m_parts->stop = true;
    }
    m_parts->wake.notify_all();
    if (m_parts->thread.joinable())
        m_parts->thread.join();
}

void Telemetry::span(Span span)
{
    const std::lock_guard lock(m_parts->mutex);
    if (m_parts->settings.endpoint.empty())
        return;
    if (m_parts->spans.size() >= QueueMax) {
        ++m_parts->counts.dropped;
        return;
    }
    m_parts->spans.push_back(std::move(span));
    m_parts->wake.notify_one();
}

void Telemetry::log(LogRecord record)
{
    const std::lock_guard lock(m_parts->mutex);
    if (m_parts->settings.endpoint.empty())
        return;
    if (m_parts->records.size() >= QueueMax) {
        ++m_parts->counts.dropped;
        return;
    }
    m_parts->records.push_back(std::move(record));
    m_parts->wake.notify_one();
}

Telemetry::Counts Telemetry::counts() const
{
    const std::lock_guard lock(m_parts->mutex);
    return m_parts->counts;
}

} // namespace eventops
