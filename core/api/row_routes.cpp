// SPDX-License-Identifier: MIT
//
// Findings, entities, the graph and approvals as lists of rows.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/filter/filter.h"
#include "core/filter/quoted.h"
#include "core/model/row_json.h"

#include <charconv>
#include <unordered_set>

namespace eventops::api {
namespace {

constexpr char RowCursor = 'r'; ///< And how many rows come before.

/// Collects the rows of one page: skips those of earlier pages, stops at the limit.
struct RowPage {
    std::uint64_t skip = 0;
    std::uint64_t limit = 0;
    std::uint64_t seen = 0;
    std::uint64_t given = 0;
    bool more = false;
    std::string body;

    template <typename Row>
    void take(const std::vector<Row> &rows, void (*append)(std::string &, const Row &))
    {
        for (const Row &row : rows) {
            if (more || seen++ < skip)
                continue;
            more = given == limit || body.size() > ListBytesMax;
            if (more)
                return;
            body += given++ == 0 ? "" : ",\n";
            append(body, row);
        }
    }
};

/// A list of rows, all of one table. @p start: (query, page, done) → Ticket.
template <typename Row, typename Start>
void answerRows(const ApiCall &call, const char *name, std::string filter, Start start,
                void (*append)(std::string &, const Row &))
{
    if (const auto parsed = Filter::parse(filter); !parsed)
        return call.exchange->respond(problem(parsed.error(), "filter"));
    const auto cursor = readCursor(call, RowCursor, 0);
    if (!cursor)
        return call.exchange->respond(problem(cursor.error(), "cursor"));
    const auto page = std::make_shared<RowPage>();
    page->skip = cursor.value();
    page->limit = call.count("limit");
    page->body = std::string("{\"") + name + "\":[\n";
    const Query query{std::move(filter), page->skip + page->limit + 1, call.text("order") == "oldest"};
    Ticket ticket = start(
        query, [page, append](const std::vector<Row> &rows) { page->take(rows, append); },
        [page, exchange = call.exchange](const Result<Ok> &done) {
            if (!done && done.error().code != Error::Code::NotFound) // nothing stored yet: no rows
                return exchange->respond(problem(done.error()));
            page->body += page->more ? "\n],\"more\":true,\"next\":\"" : "\n],\"more\":false";
            if (page->more)
                page->body += RowCursor + std::to_string(page->skip + page->given) + '"';
            page->body += "}\n";
            respondJson(*exchange, std::move(page->body));
        });
    call.exchange->whenGone([ticket]() mutable { ticket.cancel(); });
}

void answerFindings(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    const auto start = [&](const Query &query, OnPage<Finding> page, Done<Ok> done) {
        return backend->findings(call.caller, query, std::move(page), std::move(done));
    };
    answerRows<Finding>(call, "findings", call.text("filter"), start, appendFindingJson);
}

void answerEntities(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    const auto start = [&](const Query &query, OnPage<Entity> page, Done<Ok> done) {
        return backend->entities(call.caller, query, std::move(page), std::move(done));
    };
    answerRows<Entity>(call, "entities", call.text("filter"), start, appendEntityJson);
}

void answerApprovals(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    std::string filter = call.text("filter");
    if (call.text("state") == "waiting")
        filter = "state = proposed" + (filter.empty() ? "" : " and (" + filter + ")");
    const auto start = [&](const Query &query, OnPage<Action> page, Done<Ok> done) {
        return backend->actions(call.caller, query, std::move(page), std::move(done));
    };
    answerRows<Action>(call, "approvals", std::move(filter), start, appendActionJson);
}

/// One finding, or 404.
void answerFinding(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    const auto body = std::make_shared<std::string>();
    const Query query{"id = " + filterQuoted(call.pathValue("id")), 1, true};
    Ticket ticket = backend->findings(
        call.caller, query, [body](const std::vector<Finding> &rows) { appendFindingJson(*body, rows.front()); },
        [body, exchange = call.exchange](const Result<Ok> &done) {
            if (!done && done.error().code != Error::Code::NotFound)
                return exchange->respond(problem(done.error(), "id"));
            if (body->empty())
                return exchange->respond(problem(
                    Error{Error::Code::NotFound, "there is no such finding", {}, "list them: /api/v1/findings"}, "id"));
            *body += '\n';
            respondJson(*exchange, std::move(*body));
        });
    call.exchange->whenGone([ticket]() mutable { ticket.cancel(); });
}

/// Nodes first, then the links between them.
class GraphBody : public std::enable_shared_from_this<GraphBody>
{
public:
    GraphBody(std::shared_ptr<Backend> backend, const ApiCall &call)
        : m_backend(std::move(backend)),
          m_exchange(call.exchange),
          m_caller(call.caller),
          m_limit(call.count("limit")),
          m_filter(call.text("filter"))
    {
    }

    void start()
    {
        m_ticket = m_backend->entities(
            m_caller, {m_filter, m_limit + 1, true},
            [self = shared_from_this()](const std::vector<Entity> &rows) {
                for (const Entity &row : rows)
                    self->take(row);
            },
            [self = shared_from_this()](const Result<Ok> &done) {
                if (!done && done.error().code != Error::Code::NotFound)
                    return self->m_exchange->respond(problem(done.error()));
                self->readLinks();
            });
        m_exchange->whenGone([ticket = m_ticket]() mutable { ticket.cancel(); });
    }

private:
    static std::string keyOf(const std::string &tenant, const std::string &type, const std::string &id)
    {
        return tenant + '\n' + type + '\n' + id;
    }

    void readLinks()
    {
        m_body += "\n],\"edges\":[\n";
        const auto self = shared_from_this();
        m_backend->links(
            m_caller, {"", UINT64_MAX, true},
            [self](const std::vector<Link> &rows) {
                for (const Link &row : rows)
                    self->take(row);
            },
            [self](const Result<Ok> &done) {
                if (!done && done.error().code != Error::Code::NotFound)
                    return self->m_exchange->respond(problem(done.error()));
                self->m_body += self->m_cut ? "\n],\"more\":true}\n" : "\n],\"more\":false}\n";
                respondJson(*self->m_exchange, std::move(self->m_body));
            });
    }

    void take(const Entity &row)
    {
        m_cut = m_cut || m_nodes == m_limit || m_body.size() > ListBytesMax / 2;
        if (m_cut)
            return;
        m_body += m_nodes++ == 0 ? "" : ",\n";
        appendEntityJson(m_body, row);
        m_known.insert(keyOf(row.tenant, row.type, row.id));
    }

    void take(const Link &row)
    {
        const bool both = m_known.count(keyOf(row.tenant, row.sourceType, row.sourceId)) != 0
                          && m_known.count(keyOf(row.tenant, row.targetType, row.targetId)) != 0;
        if (!both)
            return;
        if (m_body.size() > ListBytesMax) {
            m_cut = true;
            return;
        }
        m_body += m_edges++ == 0 ? "" : ",\n";
        appendLinkJson(m_body, row);
    }

    const std::shared_ptr<Backend> m_backend;
    const std::shared_ptr<HttpExchange> m_exchange;
    const Caller m_caller;
    const std::uint64_t m_limit;
    const std::string m_filter;
    Ticket m_ticket;
    std::string m_body = "{\"nodes\":[\n";
    std::uint64_t m_nodes = 0, m_edges = 0;
    bool m_cut = false;
    std::unordered_set<std::string> m_known;
};

void answerGraph(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    if (const auto parsed = Filter::parse(call.text("filter")); !parsed)
        return call.exchange->respond(problem(parsed.error(), "filter"));
    std::make_shared<GraphBody>(backend, call)->start();
}

} // namespace

void respondJson(HttpExchange &exchange, std::string json, unsigned status)
{
    HttpResponse response;
    response.status = status;
    response.body = std::move(json);
    exchange.respond(std::move(response));
}

const ParameterSpec &filterParameter()
{
    static const ParameterSpec spec{"filter", ParameterSpec::Kind::Text,
                                    "Rows to give, for example: severity >= warning and entity.id = host:host-a"};
    return spec;
}

const ParameterSpec &limitParameter()
{
    static const ParameterSpec spec{"limit", ParameterSpec::Kind::Count, "At most so many rows.", ListRows,
                                    ListRowsMax};
    return spec;
}

const ParameterSpec &cursorParameter()
{
    static const ParameterSpec spec{"cursor", ParameterSpec::Kind::Text,
                                    "`next` of the answer before: goes on behind it.", 0, 32};
    return spec;
}

const ParameterSpec &orderParameter()
{
    static const ParameterSpec spec{"order", ParameterSpec::Kind::Choice, "Which rows come first.", 0,
                                    0,       {"oldest", "newest"}};
    return spec;
}

Result<std::uint64_t> readCursor(const ApiCall &call, char letter, std::uint64_t none)
{
    const std::string text = call.text("cursor");
    if (text.empty())
        return none;
    std::uint64_t place = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 1, end, place);
    constexpr std::uint64_t PlaceMax = std::uint64_t{1} << 62; // leaves room for sums
    if (text.front() != letter || error != std::errc() || stop != end || place > PlaceMax)
        return Error{Error::Code::InvalidArgument,
                     "\"" + text + "\" is no cursor of this list",
                     {},
                     "give back `next` as it was told"};
    return place;
}

void addRowRoutes(Router &router, const RouteTools &tools)
{
    const std::shared_ptr<Backend> backend = tools.backend;
    constexpr std::string_view Json = "application/json";
    const std::vector<ParameterSpec> list{filterParameter(), limitParameter(), cursorParameter(), orderParameter()};
    const auto add = [&](std::string_view path, std::string_view summary, std::vector<ParameterSpec> query,
                         void (*answer)(const std::shared_ptr<Backend> &, const ApiCall &)) {
        router.add({"GET",
                    path,
                    RouteAccess::Token,
                    summary,
                    Json,
                    std::move(query),
                    {},
                    [backend, answer](const ApiCall &call) {
                        answer(backend, call);
                    }});
    };
    add("/api/v1/findings", "What was found to be wrong.", list, answerFindings);
    add("/api/v1/findings/{id}", "One finding.", {}, answerFinding);
    add("/api/v1/entities", "The things that events are about.", list, answerEntities);
    ParameterSpec nodes = limitParameter();
    nodes.help = "At most so many nodes.";
    nodes.fallback = 1'000;
    add("/api/v1/graph",
        "Entities that match as nodes, and the links between them as edges; `more`: some were left out.",
        {filterParameter(), nodes}, answerGraph);
    const ParameterSpec state{"state", ParameterSpec::Kind::Choice, "Those that wait for a person, or all.", 0,
                              0,       {"waiting", "all"}};
    std::vector<ParameterSpec> approvals = list;
    approvals.insert(approvals.begin(), state);
    add("/api/v1/approvals", "Actions, and what a decision about them rests on.", approvals, answerApprovals);
}

} // namespace eventops::api
