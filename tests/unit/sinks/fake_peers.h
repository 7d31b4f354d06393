// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/json_scan.h"
#include "core/codec/webhook.h"
#include "tests/support/loopback_server.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace eventops::test {

/// What goes wrong with one exchange.
enum class PeerFault {
    None,
    Hang,        ///< Not a word for HangTime, then the end of the connection.
    Busy,        ///< 429 with Retry-After.
    Unavailable, ///< 503.
    Proxy,       ///< An answer that is not the peer's own.
    CutBefore,   ///< The connection ends before anything is done …
    CutAfter,    ///< … and after all is done, without an answer.
    Half,        ///< A part is done only, where the peer's protocol knows that; else an error after which nothing is.
};

constexpr std::chrono::milliseconds HangTime{450};

/// A server of somebody else's protocol, as its documentation has it, that keeps what it took.
class FakePeer
{
public:
    virtual ~FakePeer() = default;
    std::string url() const { return m_server->url(""); }
    void fail(std::vector<PeerFault> faults) ///< One after the other, of the next writes.
    {
        const std::lock_guard lock(m_mutex);
        m_faults = std::move(faults);
    }
    void refuse(const std::string &poison) ///< Documents that hold this text; empty: none.
    {
        const std::lock_guard lock(m_mutex);
        m_poison = poison;
    }
    /// What is there, by its key.
    std::map<std::string, std::string> documents() const
    {
        const std::lock_guard lock(m_mutex);
        return m_documents;
    }
    std::size_t writes() const
    {
        const std::lock_guard lock(m_mutex);
        return m_writes;
    }
    /// What came that the protocol does not know.
    std::string complaint() const
    {
        const std::lock_guard lock(m_mutex);
        return m_complaint;
    }
    std::string lastRequest() const { return m_server->requests().back(); }

protected:
    using Answer = LoopbackServer::Answer;
    struct Request {
        std::string method, path, head, body;
    };
    FakePeer()
    {
        m_server = std::make_unique<LoopbackServer>([this](const std::string &text) { return answer(text); });
    }
    void end() { m_server.reset(); } ///< Its thread calls the derived class.

    static Answer reply(int status, const std::string &body, const std::string &more = {})
    {
        return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
    }
    virtual bool isWrite(const Request &request) const = 0;
    virtual Answer handle(const Request &request, bool half) = 0;
    Answer complain(const std::string &what)
    {
        m_complaint = what;
        return reply(400, "{\"error\":\"" + what + "\"}");
    }
    bool poisoned(const std::string &document) const
    {
        return !m_poison.empty() && document.find(m_poison) != std::string::npos;
    }

    mutable std::mutex m_mutex;
    std::map<std::string, std::string> m_documents;

private:
    Answer answer(const std::string &text)
    {
        const std::lock_guard lock(m_mutex);
        const std::size_t blank = text.find(' '), end = text.find(' ', blank + 1), head = text.find("\r\n\r\n");
        if (head == std::string::npos)
            return {};
        const std::size_t length = text.find("Content-Length: ");
        Request request{text.substr(0, blank), text.substr(blank + 1, end - blank - 1), text.substr(0, head),
                        text.substr(head + 4)};
        if (length != std::string::npos && request.body.size() < std::stoul(text.substr(length + 16)))
            return {}; // its sender was killed
        if (!isWrite(request))
            return handle(request, false);
        ++m_writes;
        PeerFault fault = PeerFault::None;
        if (!m_faults.empty()) {
            fault = m_faults.front();
            m_faults.erase(m_faults.begin());
        }
        switch (fault) {
        case PeerFault::Hang: { // longer than anybody waits here
            std::mutex nobody;
            std::unique_lock lock2(nobody);
            std::condition_variable().wait_for(lock2, HangTime);
            return {};
        }
        case PeerFault::Busy: return reply(429, "{\"error\":\"slow down\"}", "Retry-After: 1\r\n");
        case PeerFault::Unavailable: return reply(503, "{\"error\":\"no master\"}");
        case PeerFault::Proxy: return reply(502, "<html>Bad Gateway</html>");
        case PeerFault::CutBefore: return {};
        case PeerFault::CutAfter: static_cast<void>(handle(request, false)); return {};
        case PeerFault::None:
        case PeerFault::Half: break;
        }
        return handle(request, fault == PeerFault::Half);
    }

    std::vector<PeerFault> m_faults;
    std::string m_poison;
    std::size_t m_writes = 0;
    std::string m_complaint;
    std::unique_ptr<LoopbackServer> m_server;
};

inline std::string unescaped(const std::optional<JsonSlice> &slice)
{
    std::string out;
    if (slice)
        appendJsonUnescaped(out, slice->text);
    return out;
}

/// OpenSearch: index templates, indices and `_bulk` with op create.
class FakeOpenSearch final : public FakePeer
{
public:
    ~FakeOpenSearch() override { end(); }

protected:
    bool isWrite(const Request &request) const override { return request.path.ends_with("/_bulk"); }
    Answer handle(const Request &request, bool half) override
    {
        if (request.path.starts_with("/_index_template/"))
            return jsonIsValid(request.body) && jsonFind(request.body, "index_patterns.0")
                       ? reply(200, R"({"acknowledged":true})")
                       : complain("no template");
        if (request.method == "HEAD")
            return reply(m_indices.count(request.path) == 0 ? 404 : 200, "");
        if (request.method == "PUT") {
            m_indices.insert(request.path);
            return reply(200, R"({"acknowledged":true,"shards_acknowledged":true})");
        }
        const std::string index = request.path.substr(0, request.path.rfind('/'));
        if (m_indices.count(index) == 0)
            return complain("no such index");
        if (request.head.find("application/x-ndjson") == std::string::npos || !request.body.ends_with('\n'))
            return complain("The bulk request must be terminated by a newline");
        std::string items;
        bool errors = false;
        std::size_t from = 0;
        for (int place = 0; from < request.body.size(); ++place) {
            const std::size_t middle = request.body.find('\n', from), end = request.body.find('\n', middle + 1);
            const std::string action = request.body.substr(from, middle - from);
            const std::string document = request.body.substr(middle + 1, end - middle - 1);
            from = end + 1;
            const std::string id = unescaped(jsonFind(action, "create._id"));
            if (id.empty() || !jsonIsValid(document))
                return complain("Malformed action/metadata line");
            std::string error = R"("status":201,"result":"created")";
            if (m_documents.count(id) != 0)
                error = R"("status":409,"error":{"type":"version_conflict_engine_exception","reason":"exists"})";
            else if (poisoned(document))
                error = R"("status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse"})";
            else if (half && place % 2 == 1)
                error = R"("status":429,"error":{"type":"rejected_execution_exception","reason":"queue is full"})";
            else
                m_documents[id] = document;
            errors = errors || error.find("\"error\"") != std::string::npos;
            items += std::string(items.empty() ? "" : ",") + R"({"create":{"_index":"x","_id":"x",)" + error + "}}";
        }
        return reply(200, std::string(R"({"took":3,"errors":)") + (errors ? "true" : "false") + R"(,"items":[)" + items
                              + "]}");
    }

private:
    std::set<std::string> m_indices;
};

/// Neo4j's transactional HTTP interface, for the statements that the sink sends: all of a request or nothing, and 200
/// whatever came of it.
class FakeNeo4j final : public FakePeer
{
public:
    ~FakeNeo4j() override { end(); }
    std::set<std::string> about() const ///< "event key -> type id"
    {
        const std::lock_guard lock(m_mutex);
        return m_about;
    }
    std::set<std::string> links() const ///< "type id -TYPE/type-> type id"
    {
        const std::lock_guard lock(m_mutex);
        return m_links;
    }
    int constraints() const
    {
        const std::lock_guard lock(m_mutex);
        return m_constraints;
    }

protected:
    bool isWrite(const Request &request) const override
    {
        return request.body.find("CREATE CONS") == std::string::npos;
    }
    static std::string rowText(std::string_view row, std::string_view path) { return unescaped(jsonFind(row, path)); }
    static std::string entity(std::string_view of) { return rowText(of, "type") + ' ' + rowText(of, "id"); }

    Answer handle(const Request &request, bool half) override
    {
        const auto failed = [](const std::string &code) {
            return reply(200, R"({"results":[],"errors":[{"code":")" + code + R"(","message":"it says so"}]})");
        };
        const auto statements = jsonFind(request.body, "statements");
        if (request.path != "/db/neo4j/tx/commit" || !jsonIsValid(request.body) || !statements)
            return complain("no transaction");
        if (half)
            return failed("Neo.TransientError.Transaction.DeadlockDetected");
        auto documents = m_documents;
        auto about = m_about, links = m_links;
        std::size_t at = 0;
        while (const auto one = jsonNext(statements->text, at)) {
            const std::string cypher = rowText(one->value.text, "statement");
            m_constraints += cypher.starts_with("CREATE CONSTRAINT") ? 1 : 0;
            const auto rows = jsonFind(one->value.text, "parameters.rows");
            const std::size_t tick = cypher.find("[r:`");
            std::size_t next = 0;
            while (const auto row = rows ? jsonNext(rows->text, next) : std::nullopt) {
                const std::string_view text = row->value.text;
                if (tick != std::string::npos) {
                    const std::string type = cypher.substr(tick + 4, cypher.find('`', tick + 4) - tick - 4);
                    links.insert(entity(jsonFind(text, "source")->text) + " -" + type + '/' + rowText(text, "type")
                                 + "-> " + entity(jsonFind(text, "target")->text));
                    continue;
                }
                if (cypher.find("MERGE (e:Event {key: row.key})") == std::string::npos)
                    return failed("Neo.ClientError.Statement.SyntaxError");
                if (poisoned(rowText(text, "json")))
                    return failed("Neo.ClientError.Statement.ArgumentError");
                documents.emplace(rowText(text, "key"), rowText(text, "json")); // ON CREATE
                std::size_t item = 0;
                const auto entities = jsonFind(text, "entities");
                while (const auto of = jsonNext(entities->text, item))
                    about.insert(rowText(text, "key") + " -> " + entity(of->value.text));
            }
        }
        m_documents = std::move(documents);
        m_about = std::move(about);
        m_links = std::move(links);
        return reply(200, R"({"results":[{"columns":[],"data":[]}],"errors":[]})");
    }

private:
    std::set<std::string> m_about, m_links;
    int m_constraints = 0;
};

/// Qdrant: one collection and its points; those that come again take the place of the first.
class FakeQdrant final : public FakePeer
{
public:
    ~FakeQdrant() override { end(); }

protected:
    bool isWrite(const Request &request) const override { return request.path.find("/points") != std::string::npos; }
    static bool isUuid(const std::string &id)
    {
        return id.size() == 36 && id[8] == '-' && id[13] == '-' && id[14] == '8' && id[18] == '-' && id[23] == '-';
    }
    Answer handle(const Request &request, bool half) override
    {
        const std::string collection = request.path.substr(13, request.path.find('/', 13) - 13);
        if (request.method == "GET" && m_size == 0)
            return reply(404, R"({"status":{"error":"Not found: Collection `x` doesn't exist!"},"time":0.1})");
        if (request.method == "GET")
            return reply(200, R"({"result":{"status":"green","config":{"params":{"vectors":{"size":)"
                                  + std::to_string(m_size) + R"(,"distance":"Cosine"}}}},"status":"ok","time":0.1})");
        if (!isWrite(request)) {
            const auto size = jsonFind(request.body, "vectors.size");
            m_size = size ? std::stoul(std::string(size->text)) : 0;
            return m_size > 0 ? reply(200, R"({"result":true,"status":"ok","time":0.1})") : complain("no vectors");
        }
        const auto points = jsonFind(request.body, "points");
        if (!request.path.ends_with("?wait=true") || request.method != "PUT" || !jsonIsValid(request.body) || !points)
            return complain("no points");
        if (half)
            return reply(500, R"({"status":{"error":"Service internal error: no space"},"time":0.1})");
        std::size_t at = 0;
        std::map<std::string, std::string> taken;
        while (const auto point = jsonNext(points->text, at)) {
            const std::string id = unescaped(jsonFind(point->value.text, "id"));
            const auto vector = jsonFind(point->value.text, "vector"), payload = jsonFind(point->value.text, "payload");
            if (!isUuid(id) || !vector || !payload)
                return complain("Format error in JSON body");
            if (1 + std::count(vector->text.begin(), vector->text.end(), ',') != static_cast<long>(m_size))
                return complain("Wrong input: Vector dimension error");
            if (poisoned(std::string(payload->text)))
                return reply(400, R"({"status":{"error":"Wrong input: it says so"},"time":0.1})");
            taken[id] = std::string(payload->text);
        }
        for (const auto &[id, payload] : taken)
            m_documents[id] = payload;
        return reply(200, R"({"result":{"operation_id":1,"status":"completed"},"status":"ok","time":0.1})");
    }

private:
    std::size_t m_size = 0;
};

/// A receiver of signed lines of JSON that keeps each id once.
class FakeReceiver final : public FakePeer
{
public:
    static constexpr char Secret[] = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    ~FakeReceiver() override { end(); }

protected:
    bool isWrite(const Request &) const override { return true; }
    static std::string header(const Request &request, const std::string &name)
    {
        const std::size_t at = request.head.find(name + ": ");
        const std::size_t from = at + name.size() + 2;
        return at == std::string::npos ? "" : request.head.substr(from, request.head.find("\r\n", from) - from);
    }
    Answer handle(const Request &request, bool half) override
    {
        const WebhookHead head{header(request, WebhookIdHeader), header(request, WebhookTimestampHeader),
                               header(request, WebhookSignatureHeader)};
        const auto keys = WebhookKeys::parse(Secret);
        if (!keys || !keys.value().verify(head, request.body, std::time(nullptr)))
            return complain("not signed");
        if (half)
            return reply(500, "no space");
        std::map<std::string, std::string> taken;
        if (request.body.starts_with('[')) // a batch of CloudEvents: the test looks at it itself
            return reply(jsonIsValid(request.body) ? 204 : 400, "");
        if (!request.body.ends_with('\n'))
            return complain("no lines");
        for (std::size_t from = 0; from < request.body.size();) {
            const std::size_t end = request.body.find('\n', from);
            const std::string line = request.body.substr(from, end - from);
            from = end + 1;
            if (!jsonIsValid(line))
                return complain("no JSON");
            if (poisoned(line))
                return reply(422, "I do not like one of them");
            taken[unescaped(jsonFind(line, "id"))] = line;
        }
        m_documents.insert(taken.begin(), taken.end());
        return reply(204, "");
    }
};

} // namespace eventops::test
