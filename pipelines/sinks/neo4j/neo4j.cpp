// SPDX-License-Identifier: MIT
//
// Neo4j by its transactional HTTP interface: events, the entities that they are about, and typed, directed links
// between entities. Everything is MERGEd by its key, so what comes twice is there once.
#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/base/time.h"
#include "core/pipeline/spec.h"
#include "pipelines/sinks/sink_http.h"
#include "pipelines/sinks/sink_texts.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace eventops {
namespace {

constexpr std::string_view Peer = "Neo4j";
constexpr std::string_view TypePlace = "TYPE";
constexpr std::size_t TypeBytesMax = 64;

constexpr FieldSpec Fields[] = {
    {"url", "string", "required", "Of the server's HTTP interface, port 7474: https, or http on this machine."},
    {"database", "string", "neo4j", "Name of the database; it must be there."},
    {"user", "string", "\"\"", "For HTTP basic authentication; empty: none."},
    {"password_env", "string", "\"\"", "Environment variable with the user's password; or"},
    {"password_file", "string", "\"\"", "file with it, from the workspace on; only its owner may read it."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"allow_http", "bool", "false", "Plain http to another machine."},
};

/// A statement as it is sent: on one line.
std::string statementText(std::string_view name)
{
    std::string text(sinkText(name));
    while (text.ends_with('\n'))
        text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

/// A link's type as Cypher can name it: DEPENDS_ON. The link keeps its own writing as a property.
std::string relationType(std::string_view type)
{
    std::string out;
    for (const char c : type.substr(0, TypeBytesMax)) {
        const auto byte = static_cast<unsigned char>(c);
        out += std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
    }
    return out.empty() ? "LINK" : out;
}

std::string textAt(std::string_view json, std::string_view path)
{
    std::string out;
    const auto found = jsonFind(json, path);
    if (found && found->kind == JsonSlice::Kind::String)
        appendJsonUnescaped(out, found->text);
    else if (found && found->kind == JsonSlice::Kind::Number)
        out = found->text;
    return out;
}

/// Rows of link statements by the type of relation.
using LinkRows = std::map<std::string, std::string>;

void addLink(LinkRows &rows, const Link &link)
{
    std::string &list = rows[relationType(link.type)];
    if (!list.empty())
        list += ',';
    JsonWriter json(list);
    json.beginObject().field("tenant", link.tenant).key("source").beginObject();
    json.field("type", link.sourceType).field("id", link.sourceId).endObject().key("target").beginObject();
    json.field("type", link.targetType).field("id", link.targetId).endObject().field("type", link.type).endObject();
}

class Neo4jWriter final : public Sink
{
public:
    static Result<std::unique_ptr<Sink>> make(const Value &settings, const SinkSurroundings &surroundings)
    {
        auto writer = std::make_unique<Neo4jWriter>();
        writer->m_surroundings = surroundings;
        writer->m_address = EVENTOPS_TRY(SinkAddress::read(settings));
        writer->m_database = EVENTOPS_TRY(readSinkName(settings.at("database"), "a database"));
        writer->m_user = EVENTOPS_TRY(settings.at("user").text());
        writer->m_password = EVENTOPS_TRY(readSinkSecret(settings, "password"));
        if (writer->m_user.empty() == writer->m_password.given())
            return settings.at("user").error("user and password_env or password_file belong together",
                                             "give both, or neither");
        return std::unique_ptr<Sink>(std::move(writer));
    }

    std::string target() const override { return m_address.url + " database " + m_database; }
    std::int64_t retryAfterMs() const override { return m_retryAfterMs; }
    bool wantsLinks() const override { return true; }

    Status open() override
    {
        HttpPeerOptions options = m_address.options();
        options.headers.emplace_back("Accept: application/json;charset=UTF-8");
        if (m_password.given()) {
            const std::string password = EVENTOPS_TRY(m_password.read(m_surroundings, "Neo4j's password"));
            options.headers.push_back("Authorization: " + basicAuthorization(m_user, password));
        }
        m_peer = EVENTOPS_TRY(HttpPeer::open(std::move(options), m_surroundings.mustStop));
        std::string_view rest = sinkText("neo4j/constraints.cypher");
        while (!rest.empty()) { // a change of the schema has a transaction of its own
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            if (end > 0)
                EVENTOPS_TRY(commit({{std::string(rest.substr(0, end)), {}}}));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return Ok{};
    }

    /// One transaction: all of the batch, or nothing.
    Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) override
    {
        std::string rows;
        LinkRows links;
        for (const SinkDocument &document : batch) {
            rows += rows.empty() ? "" : ",";
            addRow(rows, document);
            std::size_t at = 0;
            while (const auto one = jsonNext(document.links, at)) {
                Link link;
                link.tenant = document.tenant;
                link.sourceType = textAt(one->value.text, "source.type");
                link.sourceId = textAt(one->value.text, "source.id");
                link.targetType = textAt(one->value.text, "target.type");
                link.targetId = textAt(one->value.text, "target.id");
                link.type = textAt(one->value.text, "type");
                if (!link.sourceId.empty() && !link.targetId.empty() && !link.type.empty())
                    addLink(links, link);
            }
        }
        std::vector<Statement> statements{{statementText("neo4j/events.cypher"), std::move(rows)}};
        addLinkStatements(statements, links);
        EVENTOPS_TRY(commit(statements));
        return std::vector<SinkRefusal>();
    }

    Status writeLinks(std::span<const Link> links) override
    {
        LinkRows rows;
        for (const Link &link : links)
            addLink(rows, link);
        std::vector<Statement> statements;
        addLinkStatements(statements, rows);
        return statements.empty() ? Status(Ok{}) : commit(statements);
    }

private:
    struct Statement {
        std::string text;
        std::string rows; ///< Of the parameter `rows`, without brackets.
    };

    static void addRow(std::string &out, const SinkDocument &document)
    {
        JsonWriter json(out);
        json.beginObject().field("key", document.key).field("id", document.id).field("json", document.json).key("ts");
        if (document.ts == NoTime)
            json.null();
        else
            json.string(formatTimestamp(document.ts));
        json.field("tenant", document.tenant).field("type", document.type).field("severity", document.severity);
        json.field("message", document.message).key("entities").beginArray();
        const auto entity = [&](const std::string &type, const std::string &id) {
            if (!id.empty())
                json.beginObject().field("type", type).field("id", id).endObject();
        };
        entity(document.entityType, document.entityId);
        std::size_t at = 0;
        while (const auto one = jsonNext(document.entities, at))
            entity(textAt(one->value.text, "type"), textAt(one->value.text, "id"));
        json.endArray().endObject();
    }

    static void addLinkStatements(std::vector<Statement> &statements, const LinkRows &links)
    {
        for (const auto &[type, rows] : links) {
            std::string text = statementText("neo4j/links.cypher");
            text.replace(text.find('`' + std::string(TypePlace) + '`') + 1, TypePlace.size(), type);
            statements.push_back({std::move(text), rows});
        }
    }

    /// The server answers 200 whatever came of the statements; see "Handling errors" of its HTTP API.
    Status commit(const std::vector<Statement> &statements)
    {
        std::string body = "{\"statements\":[";
        for (const Statement &statement : statements) {
            body += body.ends_with('[') ? "{\"statement\":" : ",{\"statement\":";
            appendJsonString(body, statement.text);
            body += ",\"parameters\":{\"rows\":[" + statement.rows + "]}}";
        }
        body += "]}";
        const HttpReply reply = m_peer->send("POST", "/db/" + m_database + "/tx/commit", "application/json", body);
        m_retryAfterMs = reply.retryAfterMs;
        const auto errors = jsonFind(reply.body, "errors");
        const std::string code = textAt(reply.body, "errors.0.code");
        if (reply.kind != HttpReply::Kind::Answered || (code.empty() && !reply.done()))
            return reply.error(std::string(Peer));
        if (!jsonIsValid(reply.body) || !errors || errors->kind != JsonSlice::Kind::Array)
            return Error{Error::Code::Unavailable, "what answers is no Neo4j: " + httpWords(reply.body)};
        if (code.empty())
            return Ok{};
        return errorOf(code, "Neo4j says " + code + ": " + httpWords(textAt(reply.body, "errors.0.message")));
    }

    static Error errorOf(const std::string &code, std::string message)
    {
        if (code.starts_with("Neo.ClientError.Security."))
            return Error{Error::Code::Refused, std::move(message), {}, "see that user and password are Neo4j's"};
        if (code.starts_with("Neo.ClientError.Database."))
            return Error{Error::Code::NotFound, std::move(message), {}, "make the database, or name another one"};
        const bool ofTheRows = code.starts_with("Neo.ClientError.Statement.")
                               || code.starts_with("Neo.ClientError.Schema.")
                               || code.starts_with("Neo.ClientError.Request.");
        return Error{ofTheRows ? Error::Code::InvalidInput : Error::Code::Unavailable, std::move(message)};
    }

    SinkSurroundings m_surroundings;
    SinkAddress m_address;
    std::string m_database, m_user;
    SinkSecret m_password;
    std::unique_ptr<HttpPeer> m_peer;
    std::int64_t m_retryAfterMs = 0;
};

} // namespace

extern const SinkSpec Neo4jSink;
const SinkSpec Neo4jSink{
    .name = "neo4j",
    .summary = "Neo4j: events, the entities that they are about, and typed, directed links between entities.",
    .fields = Fields,
    .make = Neo4jWriter::make,
};

} // namespace eventops
