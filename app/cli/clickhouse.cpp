// SPDX-License-Identifier: MIT
//
// `eventops clickhouse`: the projection of the ledger into a ClickHouse.
#include "app/cli/cli.h"

#include "app/cli/table.h"
#include "core/base/json.h"
#include "core/lake/clickhouse_query.h"
#include "core/session/clickhouse_feed.h"

#include <cstdio>

namespace eventops::cli {
namespace {

constexpr unsigned TtlDaysMax = 36'500;

struct ServerOptions {
    std::string url, database, user, passwordFile;
    unsigned ttlDays = 0;
    bool allowHttp = false;
    bool check = false;
    std::string query;
};

/// What the command line says, then what the workspace says, then the environment.
Result<ClickHouseSettings> settingsOf(const Context &context, const ServerOptions &options)
{
    ClickHouseSettings settings;
    const Workspace workspace{context.workspace};
    if (hasClickHouse(workspace))
        settings = EVENTOPS_TRY(ClickHouseSettings::read(workspace));
    else
        settings.url = EVENTOPS_TRY(lake::withClickHouseEnvironment({})).url;
    if (!options.url.empty())
        settings.url = options.url;
    if (!options.database.empty())
        settings.database = options.database;
    if (!options.user.empty())
        settings.user = options.user;
    if (!options.passwordFile.empty())
        settings.passwordFile = options.passwordFile;
    if (options.ttlDays > 0)
        settings.ttlDays = options.ttlDays;
    settings.allowHttp = settings.allowHttp || options.allowHttp;
    return settings;
}

Result<std::unique_ptr<lake::ClickHouseClient>> clientOf(const Context &context, const ServerOptions &options)
{
    const ClickHouseSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    lake::ClickHouseAddress address = EVENTOPS_TRY(settings.address());
    return lake::ClickHouseClient::open(std::move(address), [] { return interrupted().load(); });
}

void printState(const Context &context, const std::string &url, const lake::ClickHouseDialect &dialect,
                const lake::ClickHouseMark &mark, const std::string &notice)
{
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("url", url).field("version", dialect.version);
        json.key("ledger_seq").unsignedInteger(mark[lake::ClickHouseStream::Events].done);
        json.key("rows").unsignedInteger(mark.rows).key("found").unsignedInteger(mark.found);
        json.field("notice", notice).endObject();
        std::printf("%s\n", out.c_str());
        return;
    }
    if (!notice.empty())
        std::printf("note      %s\n", printable(notice).c_str());
    std::printf("server    %s, ClickHouse %s\n", printable(url).c_str(), printable(dialect.version).c_str());
    std::printf("rows      %llu sent, %llu of them found there already\n", static_cast<unsigned long long>(mark.rows),
                static_cast<unsigned long long>(mark.found));
    std::printf("ledger    up to record %llu\n",
                static_cast<unsigned long long>(mark[lake::ClickHouseStream::Events].done));
}

Status init(const Context &context, const ServerOptions &options)
{
    const ClickHouseSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    lake::ClickHouseAddress address = EVENTOPS_TRY(settings.address());
    const auto client =
        EVENTOPS_TRY(lake::ClickHouseClient::open(std::move(address), [] { return interrupted().load(); }));
    const lake::ClickHouseServer server = EVENTOPS_TRY(lake::prepareClickHouse(*client, {settings.ttlDays}));
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    EVENTOPS_TRY(settings.write(workspace));
    if (!server.hadEvents) // new tables are empty: nobody need ask what is in them
        EVENTOPS_TRY(lake::ClickHouseMark::fresh(*client).write(ClickHouseSettings::markFile(workspace)));
    printState(context, settings.url, server.dialect, {}, server.dialect.notice());
    return Ok{};
}

Status push(const Context &context, const ServerOptions &options)
{
    const ClickHouseSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    ClickHouseFeed::Options feeding;
    feeding.forget = options.check;
    const auto feed = EVENTOPS_TRY(
        ClickHouseFeed::open({context.workspace}, settings, feeding, [] { return interrupted().load(); }));
    EVENTOPS_TRY(feed->catchUp());
    printState(context, settings.url, feed->server().dialect, feed->mark(), feed->notice());
    return Ok{};
}

Status status(const Context &context, const ServerOptions &options)
{
    const ClickHouseSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    const auto client = EVENTOPS_TRY(clientOf(context, options));
    const lake::ClickHouseDialect dialect = EVENTOPS_TRY(lake::askClickHouseVersion(*client));
    std::string notice = dialect.notice();
    const auto mark = lake::ClickHouseMark::read(ClickHouseSettings::markFile({context.workspace}));
    if (!mark && mark.error().code != Error::Code::NotFound)
        notice += (notice.empty() ? "" : "; ") + mark.error().text();
    if (!mark && mark.error().code == Error::Code::NotFound)
        notice += std::string(notice.empty() ? "" : "; ") + "nothing was sent from this workspace yet";
    printState(context, settings.url, dialect, mark ? mark.value() : lake::ClickHouseMark(), notice);
    return Ok{};
}

Status ask(const Context &context, const ServerOptions &options)
{
    const auto client = EVENTOPS_TRY(clientOf(context, options));
    return printClickHouseRows(*client, options.query);
}

} // namespace

Status printClickHouseRows(lake::ClickHouseClient &client, const std::string &query)
{
    SqlRowPrinter printer;
    return lake::queryClickHouse(
        client, query, {}, [&](const std::vector<SqlColumn> &columns) { printer.begin(columns); },
        [&](SqlRow &row) {
            printer.print(row);
            return true;
        });
}

void addClickHouse(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "clickhouse", "The ledger projected into a ClickHouse: karma.events_raw and what belongs to it");
    command->require_subcommand(1);
    const auto options = std::make_shared<ServerOptions>();
    const auto add = [&](const char *name, const char *help,
                         Status (*run)(const Context &, const ServerOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        addJson(*sub, context);
        sub->add_option("--url", options->url,
                        "HTTP interface; else the workspace's, else $CLICKHOUSE_URL, else http://localhost:8123");
        sub->add_option("--database", options->database, "Else karma");
        sub->add_option("--user", options->user, "Else $CLICKHOUSE_USER; the password is in $CLICKHOUSE_PASSWORD");
        sub->add_option("--password-file", options->passwordFile, "The password is its first line");
        sub->add_flag("--allow-http", options->allowHttp, "Send the password over plain http to another machine");
        sub->callback([&context, options, run] {
            const Status done = run(context, *options);
            if (!done)
                context.fail(done.error());
        });
        return sub;
    };
    CLI::App *first = add("init", "Make the tables and views; every later run then keeps them up to date", init);
    first->add_option("--ttl-days", options->ttlDays, "events_raw forgets events after as many days; else never")
        ->check(CLI::Range(1U, TtlDaysMax));
    CLI::App *pushing = add("push", "Bring it up to the end of the ledger", push);
    pushing->add_flag("--check", options->check, "Ask the server about every row and send what is missing");
    add("status", "Which server, how far the projection is, and what its version cannot", status);
    CLI::App *query = add("query", "Ask it in SQL, read-only; one JSON object a row", ask);
    query->add_option("QUERY", options->query, "For example: SELECT count() FROM karma.events_raw")->required();
}

} // namespace eventops::cli
