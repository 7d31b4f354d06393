// SPDX-License-Identifier: MIT
#include "core/kafka/schema_registry.h"

#include "core/base/curl_handles.h"
#include "core/base/encode.h"
#include "core/base/json.h"
#include "core/codec/avro_plan.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <charconv>

namespace eventops {
namespace {

constexpr std::chrono::seconds MissingFor{30}; ///< So long a schema that is not there is not asked for again.
constexpr std::size_t MessageBytesMax = 600;   ///< Of a server's words in an error.
constexpr std::size_t RefusalBytesMax = 64u << 10;
constexpr std::size_t IncompatibleMax = 5; ///< Fields named in one error.

// Confluent's numbers.
constexpr std::int64_t SubjectNotFound = 40401, VersionNotFound = 40402, SchemaNotFound = 40403;

std::string oneLine(std::string_view text)
{
    std::string out(text.substr(0, validUtf8Prefix(text.substr(0, MessageBytesMax))));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return out;
}

std::optional<std::int64_t> numberMember(const JsonReader &json, std::string_view name)
{
    const JsonEntry *const member = json.find(name);
    std::int64_t value = 0;
    if (member == nullptr)
        return std::nullopt;
    const std::string_view text = member->value;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::string> textMember(const JsonReader &json, std::string_view name)
{
    const JsonEntry *const member = json.find(name);
    std::string scratch;
    if (member == nullptr || jsonKind(member->value) != JsonKind::String)
        return std::nullopt;
    return std::string(jsonText(member->value, scratch));
}

std::optional<std::uint32_t> idMember(const JsonReader &json, std::string_view name)
{
    const auto value = numberMember(json, name);
    if (!value || *value < 0 || *value > UINT32_MAX)
        return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

/// The answer's schema, checked.
Result<std::shared_ptr<const AvroSchema>> schemaMember(const JsonReader &json, const std::string &what)
{
    const std::string type = textMember(json, "schemaType").value_or("AVRO");
    if (type != "AVRO")
        return Error{Error::Code::InvalidInput,
                     what + " is " + oneLine(type) + ", not Avro",
                     {},
                     "read the topic with another codec: chronos.raw keeps its bytes"};
    const auto text = textMember(json, "schema");
    auto parsed = text ? AvroSchema::parse(*text)
                       : Result<std::shared_ptr<const AvroSchema>>(Error{Error::Code::InvalidInput, "it has none"});
    if (!parsed)
        return Error{
            Error::Code::InvalidInput, what + " cannot be read: " + parsed.error().message, {}, parsed.error().remedy};
    return parsed;
}

std::string schemaBody(const AvroSchema &schema)
{
    std::string body;
    JsonWriter(body).beginObject().field("schema", schema.canonical()).field("schemaType", "AVRO").endObject();
    return body;
}

Error notARegistry(const std::string &url, const std::string &why)
{
    return Error{Error::Code::Unavailable,
                 "no schema registry answers at " + url + ": " + why,
                 {},
                 "start one, or correct schema_url or SCHEMA_URL; Redpanda has one of its own when it is started with "
                 "--schema-registry-addr=0.0.0.0:8081, and then no other may have that port"};
}

} // namespace

struct SchemaRegistry::Handle {
    std::unique_ptr<CURL, CurlDelete> curl;
    std::unique_ptr<curl_slist, CurlDelete> headers;
};

/// What came of one exchange.
struct SchemaRegistry::Answer {
    CURLcode code = CURLE_OK;
    long status = 0;
    std::string text;
    bool tooLong = false;

    static std::size_t write(char *data, std::size_t, std::size_t size, void *user)
    {
        auto &self = *static_cast<Answer *>(user);
        self.tooLong = self.text.size() + size > AnswerBytesMax;
        if (self.tooLong)
            return 0;
        self.text.append(data, size);
        return size;
    }
};

Result<std::optional<SchemaRegistryAddress>> registryAddress(const KafkaSettings &settings)
{
    if (settings.schemaUrl.empty())
        return std::optional<SchemaRegistryAddress>();
    SchemaRegistryAddress out;
    out.url = settings.schemaUrl;
    out.user = settings.schemaUser;
    out.caFile = settings.tlsCaFile;
    if (!out.user.empty())
        out.password = EVENTOPS_TRY(kafkaSecret(settings.schemaPasswordFile, "SCHEMA_PASSWORD"));
    return std::optional(std::move(out));
}

std::string valueSubject(std::string_view topic)
{
    return std::string(topic) + "-value";
}

SchemaRegistry::SchemaRegistry(SchemaRegistryAddress address)
    : m_address(std::move(address)), m_handle(std::make_unique<Handle>())
{
}

SchemaRegistry::~SchemaRegistry() = default;

Result<std::shared_ptr<SchemaRegistry>> SchemaRegistry::open(SchemaRegistryAddress address)
{
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURLU, CurlDelete> url(curl_url());
    const auto wrong = [&](const std::string &what, const std::string &remedy) {
        return Error{Error::Code::InvalidArgument, "schema_url: " + what, {}, remedy};
    };
    if (!url || curl_url_set(url.get(), CURLUPART_URL, address.url.c_str(), 0) != CURLUE_OK)
        return wrong('"' + oneLine(address.url) + "\" is no URL", "for example http://localhost:8081");
    const std::string scheme = urlPart(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https")
        return wrong('"' + scheme + "\" is not how a registry is asked", "http or https");
    if (!urlPart(url.get(), CURLUPART_USER).empty() || !urlPart(url.get(), CURLUPART_PASSWORD).empty())
        return wrong("the URL holds a user or a password", "use schema_user and SCHEMA_PASSWORD");
    if (!urlPart(url.get(), CURLUPART_QUERY).empty() || !urlPart(url.get(), CURLUPART_FRAGMENT).empty())
        return wrong("the URL holds a query or a fragment", "leave it out");
    if (!isHeaderText(address.user) || !isHeaderText(address.password))
        return wrong("the user or the password is not fit for an HTTP header", "");
    if (!address.password.empty() && scheme == "http" && !isLoopbackHost(urlPart(url.get(), CURLUPART_HOST)))
        return Error{Error::Code::Refused,
                     "the registry's password would leave this machine in the clear",
                     {},
                     "use https in schema_url"};
    while (address.url.ends_with('/'))
        address.url.pop_back();
    std::shared_ptr<SchemaRegistry> made(new SchemaRegistry(std::move(address)));
    Handle &handle = *made->m_handle;
    handle.curl.reset(curl_easy_init());
    for (const char *const line : {"Expect:", "Content-Type: application/vnd.schemaregistry.v1+json",
                                   "Accept: application/vnd.schemaregistry.v1+json, application/json"}) {
        if (curl_slist *longer = curl_slist_append(handle.headers.get(), line)) {
            (void)handle.headers.release(); // the longer list begins with it
            handle.headers.reset(longer);
        }
    }
    if (!handle.curl || !handle.headers)
        return Error{Error::Code::Unavailable, "libcurl cannot start"};
    return made;
}

SchemaRegistry::Answer SchemaRegistry::exchange(const std::string &path, const std::string *body)
{
    CURL *const curl = m_handle->curl.get();
    Answer answer;
    const std::string url = m_address.url + path;
    curl_easy_reset(curl); // keeps the connection
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the configured URL and nothing else
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(m_address.connectMsMax));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(m_address.requestMsMax));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "eventops");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, m_handle->headers.get());
    if (!m_address.caFile.empty())
        curl_easy_setopt(curl, CURLOPT_CAINFO, m_address.caFile.c_str());
    if (!m_address.user.empty()) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        curl_easy_setopt(curl, CURLOPT_USERNAME, m_address.user.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, m_address.password.c_str());
    }
    if (body != nullptr) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data());
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Answer::write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    answer.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
}

/// Why an answer is not what was asked for.
Error SchemaRegistry::refusal(const Answer &answer, const std::string &what) const
{
    const std::string of = "the schema registry at " + m_address.url;
    if (answer.tooLong)
        return Error{Error::Code::LimitExceeded,
                     of + " answers with more than " + std::to_string(AnswerBytesMax) + " bytes for " + what};
    if (answer.code != CURLE_OK)
        return notARegistry(m_address.url, answer.code == CURLE_OPERATION_TIMEDOUT ? "no answer in time"
                                                                                   : curl_easy_strerror(answer.code));
    JsonReader json;
    const bool isJson = !json.read(std::string_view(answer.text).substr(0, RefusalBytesMax));
    const std::int64_t number = isJson ? numberMember(json, "error_code").value_or(0) : 0;
    const std::string said = isJson ? oneLine(textMember(json, "message").value_or("")) : "";
    const std::string status = "HTTP status " + std::to_string(answer.status) + (said.empty() ? "" : ": " + said);
    if (answer.status == 401 || answer.status == 403)
        return Error{Error::Code::Refused,
                     of + " refuses the sign-in for " + what + " (" + status + ')',
                     {},
                     "set schema_user, and SCHEMA_PASSWORD or schema_password_file"};
    if (number == SubjectNotFound || number == VersionNotFound || number == SchemaNotFound)
        return Error{Error::Code::NotFound,
                     of + " does not know " + what,
                     {},
                     "is it the registry of those who write the topic?"};
    if (answer.status == 404)
        return notARegistry(m_address.url, "what answers there has no " + what + " (" + status + ')');
    if (answer.status == 409)
        return Error{Error::Code::Refused,
                     of + " refuses " + what + " as incompatible: " + said,
                     {},
                     "change the schema so that old and new can be read, or the subject's rules"};
    if (answer.status == 422)
        return Error{Error::Code::InvalidInput, of + " does not take " + what + ": " + said};
    return notARegistry(m_address.url, status + " for " + what);
}

Result<std::string> SchemaRegistry::ask(const std::string &path, const std::string &what, const std::string *body)
{
    Answer answer = exchange(path, body);
    if (answer.code != CURLE_OK || answer.status != 200)
        return refusal(answer, what);
    return std::move(answer.text);
}

Result<SchemaRegistry::Version> SchemaRegistry::version(const std::string &path, const std::string &what,
                                                        const std::string *body)
{
    const std::string text = EVENTOPS_TRY(ask(path, what, body));
    JsonReader json;
    if (json.read(text) || !idMember(json, "id"))
        return notARegistry(m_address.url, "its answer for " + what + " is none of a registry's");
    Version out;
    out.id = *idMember(json, "id");
    out.version = idMember(json, "version").value_or(0);
    out.schema = EVENTOPS_TRY(schemaMember(json, what));
    return out;
}

Result<std::string> SchemaRegistry::schema(std::uint32_t id)
{
    const std::lock_guard lock(m_mutex);
    if (const auto known = m_schemas.find(id); known != m_schemas.end())
        return known->second;
    if (const auto missing = m_missing.find(id); missing != m_missing.end()) {
        if (std::chrono::steady_clock::now() < missing->second.until)
            return missing->second.error;
        m_missing.erase(missing);
    }
    const std::string what = "schema " + std::to_string(id);
    const auto found = [&]() -> Result<std::string> {
        const std::string text = EVENTOPS_TRY(ask("/schemas/ids/" + std::to_string(id), what));
        JsonReader json;
        if (json.read(text) || json.find("schema") == nullptr)
            return notARegistry(m_address.url, "its answer for " + what + " is none of a registry's");
        return EVENTOPS_TRY(schemaMember(json, what))->canonical();
    }();
    if (found) {
        if (m_schemas.size() >= SchemasMax)
            m_schemas.erase(m_schemas.begin());
        m_schemas.emplace(id, found.value());
    } else if (found.error().code == Error::Code::NotFound || found.error().code == Error::Code::InvalidInput) {
        if (m_missing.size() >= SchemasMax)
            m_missing.erase(m_missing.begin());
        m_missing.insert_or_assign(id, Missing{found.error(), std::chrono::steady_clock::now() + MissingFor});
    }
    return found;
}

Result<SchemaRegistry::Version> SchemaRegistry::latest(const std::string &subject)
{
    const std::lock_guard lock(m_mutex);
    return version("/subjects/" + percentEncoded(subject) + "/versions/latest", "subject " + subject, nullptr);
}

Result<SchemaRegistry::Version> SchemaRegistry::find(const std::string &subject, const AvroSchema &schema)
{
    const std::lock_guard lock(m_mutex);
    const std::string body = schemaBody(schema);
    return version("/subjects/" + percentEncoded(subject), "our schema under subject " + subject, &body);
}

Result<std::uint32_t> SchemaRegistry::add(const std::string &subject, const AvroSchema &schema)
{
    const std::lock_guard lock(m_mutex);
    const std::string body = schemaBody(schema);
    const std::string what = "a schema of subject " + subject;
    const std::string text = EVENTOPS_TRY(ask("/subjects/" + percentEncoded(subject) + "/versions", what, &body));
    JsonReader json;
    if (json.read(text) || !idMember(json, "id"))
        return notARegistry(m_address.url, "its answer for " + what + " is none of a registry's");
    return *idMember(json, "id");
}

Result<bool> SchemaRegistry::allows(const std::string &subject, const AvroSchema &schema)
{
    const std::lock_guard lock(m_mutex);
    const std::string body = schemaBody(schema);
    const std::string what = "the compatibility of subject " + subject;
    const std::string text =
        EVENTOPS_TRY(ask("/compatibility/subjects/" + percentEncoded(subject) + "/versions/latest", what, &body));
    JsonReader json;
    const JsonEntry *const said = json.read(text) ? nullptr : json.find("is_compatible");
    if (said == nullptr)
        return notARegistry(m_address.url, "its answer for " + what + " is none of a registry's");
    return jsonKind(said->value) == JsonKind::True;
}

Result<SubjectOutcome> registerSchema(SchemaRegistry &registry, const std::string &subject,
                                      const std::shared_ptr<const AvroSchema> &schema)
{
    const auto latest = registry.latest(subject);
    if (!latest && latest.error().code != Error::Code::NotFound)
        return latest.error();
    if (latest) {
        if (latest.value().schema->canonical() == schema->canonical())
            return SubjectOutcome{subject, latest.value().id, false};
        const std::string newest = "version " + std::to_string(latest.value().version) + " of subject " + subject;
        const std::pair<const char *, std::vector<AvroProblem>> checks[] = {
            {" is what we could not read: ", avroProblems(latest.value().schema, schema)},
            {" could not read ours: ", avroProblems(schema, latest.value().schema)}};
        for (const auto &[text, problems] : checks) {
            if (problems.empty())
                continue;
            std::string fields;
            for (std::size_t i = 0; i < std::min(problems.size(), IncompatibleMax); ++i)
                fields += (i == 0 ? "" : "; ") + problems[i].field + ": " + problems[i].what;
            return Error{Error::Code::Refused,
                         newest + " at " + registry.url() + text + fields,
                         {},
                         problems.front().remedy + "; or write another topic"};
        }
        if (!EVENTOPS_TRY(registry.allows(subject, *schema)))
            return Error{Error::Code::Refused,
                         "the rules of the registry at " + registry.url() + " refuse our schema as incompatible with "
                             + newest,
                         {},
                         "change the subject's rules, or write another topic"};
    }
    const std::uint32_t id = EVENTOPS_TRY(registry.add(subject, *schema));
    return SubjectOutcome{subject, id, true};
}

} // namespace eventops
