// SPDX-License-Identifier: MIT
#pragma once

#include "core/wire/session_forms.h"
#include "tests/support/wait_for.h"

#include <map>
#include <set>

namespace eventops::test {

/// Everything that one question brought, as bytes: equal bytes, equal answers.
struct Asked {
    std::string pages;  ///< One after the other, without their borders.
    std::string answer; ///< Or the error's text.
    std::size_t pagesSeen = 0;
    bool ordered = true; ///< `done` came once and last.
    bool operator==(const Asked &other) const { return pages == other.pages && answer == other.answer; }
};

inline std::string shownPage(const EventPage &page)
{
    std::string out; // row by row: where a page is cut says nothing
    for (std::size_t row = 0; row < page.rows.size(); ++row) {
        wire::Writer one;
        wire::writeEventPage(one, page, row, row + 1);
        out += one.take();
    }
    return out;
}
inline std::string shownPage(const EventColumns &page)
{
    std::string out;
    for (std::size_t i = 0; i < page.ts.size(); ++i)
        out += wire::encode(page.ts[i]) + wire::encode(page.severity[i]) + page.laneNames[page.lane[i]] + '\n';
    return out;
}
template <typename Row>
std::string shownPage(const std::vector<Row> &page)
{
    std::string out;
    for (const Row &row : page)
        out += wire::encode(row);
    return out;
}
inline std::string shownPage(const SqlPage &page)
{
    return wire::encode(page.columns) + shownPage(page.rows);
}

/// Asks, waits, and notes everything.
template <typename Page, typename T, typename Start>
Asked askPages(Start start)
{
    Asked asked;
    bool over = false;
    const auto result = waitFor<T>([&](Done<T> done) {
        start(
            [&](Page page) {
                asked.ordered = asked.ordered && !over;
                ++asked.pagesSeen;
                asked.pages += shownPage(page);
            },
            Done<T>([&, done = std::move(done)](Result<T> end) {
                asked.ordered = asked.ordered && !over;
                over = true;
                done(std::move(end));
            }));
    });
    asked.answer = result ? wire::encode(result.value()) : result.error().text();
    return asked;
}
template <typename T, typename Start>
Asked askOnce(Start start)
{
    Asked asked;
    const auto result = waitFor<T>(std::move(start));
    asked.answer = result ? wire::encode(result.value()) : result.error().text();
    return asked;
}

using Answers = std::map<std::string, Asked>; ///< By the question's name.

/// What comes in pages.
inline void askTables(Backend &backend, const Caller &caller, Answers &all)
{
    const Query oldest{"", UINT64_MAX, true}, newest{"severity >= warning", 50, false},
        wrong{"severity >>> 3", 1, true};
    for (const auto &[name, query] : {std::pair{"oldest", oldest}, {"newest", newest}, {"wrong", wrong}}) {
        const std::string suffix = std::string(" ") + name;
        all["events" + suffix] = askPages<EventPage, Ok>(
            [&](auto page, auto done) { backend.events(caller, query, page, std::move(done)); });
        all["findings" + suffix] = askPages<std::vector<Finding>, Ok>(
            [&](auto page, auto done) { backend.findings(caller, query, page, std::move(done)); });
        all["actions" + suffix] = askPages<std::vector<Action>, Ok>(
            [&](auto page, auto done) { backend.actions(caller, query, page, std::move(done)); });
    }
    all["entities"] = askPages<std::vector<Entity>, Ok>(
        [&](auto page, auto done) { backend.entities(caller, oldest, page, std::move(done)); });
    all["links"] = askPages<std::vector<Link>, Ok>(
        [&](auto page, auto done) { backend.links(caller, oldest, page, std::move(done)); });
    all["dead letters"] = askPages<std::vector<DeadLetterRow>, Ok>(
        [&](auto page, auto done) { backend.deadLetters(caller, 100, page, std::move(done)); });
    all["audit"] = askPages<std::vector<AuditRow>, Ok>(
        [&](auto page, auto done) { backend.audit(caller, 1'000, page, std::move(done)); });
    all["columns"] = askPages<EventColumns, Ok>([&](auto page, auto done) {
        backend.eventColumns(caller, {1, Field::EntityId}, page, std::move(done));
    });
    all["sql"] = askPages<SqlPage, SqlOutcome>([&](auto page, auto done) {
        backend.sql(caller, {"select * from karma.entities; select 1 as one, null as absent", {}, 1'000}, page,
                    std::move(done));
    });
    all["bad sql"] = askPages<SqlPage, SqlOutcome>([&](auto page, auto done) {
        backend.sql(caller, {"drop table events", {}, 10}, page, std::move(done));
    });
}

/// The same questions to any back end.
inline Answers askEverything(Backend &backend, const Caller &caller)
{
    Answers all;
    askTables(backend, caller, all);
    AggregateQuery sums;
    sums.by = {Field::EntityId};
    sums.everyNs = 60 * NsPerSecond;
    sums.measures = {parseMeasure("count").value(), parseMeasure("p95").value()};
    using Rows = std::vector<AggregateRow>;
    all["aggregate"] = askOnce<Rows>([&](Done<Rows> done) { backend.aggregate(caller, "", sums, std::move(done)); });
    all["expectations"] =
        askOnce<std::vector<CaseExpectation>>([&](auto done) { backend.expectations(caller, std::move(done)); });
    all["judgement"] = askOnce<JudgementView>([&](auto done) { backend.judgement(caller, std::move(done)); });
    all["machines"] =
        askOnce<std::vector<StepMachine>>([&](auto done) { backend.stepMachines(caller, std::move(done)); });
    all["range"] = askOnce<EventPage>([&](auto done) { backend.eventRange(caller, {2, 5}, std::move(done)); });
    all["no story"] = askOnce<EventStory>([&](auto done) { backend.story(caller, "nobody", std::move(done)); });
    all["health"] = askOnce<Health>([&](auto done) { backend.health(caller, std::move(done)); });
    all["summary"] = askOnce<WorkspaceSummary>([&](auto done) { backend.summary(caller, true, std::move(done)); });
    all["verify"] = askOnce<std::uint64_t>([&](auto done) { backend.verifyAudit(caller, std::move(done)); });
    for (const GraphQuestion question : {GraphQuestion::Orphans, GraphQuestion::RecentChanges, GraphQuestion::WhatIf}) {
        GraphRequest request;
        request.question = question;
        request.entity.id = "host-a";
        all["graph " + std::string(toString(question))] =
            askOnce<GraphAnswer>([&](auto done) { backend.graph(caller, request, std::move(done)); });
    }
    all["no causes"] =
        askOnce<std::vector<LikelyCause>>([&](auto done) { backend.causes(caller, "nobody", std::move(done)); });
    all["tables"] = askOnce<std::vector<SqlTable>>(
        [&](auto done) { backend.sqlTables(caller, SqlPlace::Ledger, std::move(done)); });
    all["retention"] = askOnce<RetentionReport>([&](auto done) { backend.retention(caller, false, std::move(done)); });
    all["check"] = askOnce<RerunCheck>([&](auto done) { backend.checkHistory(caller, {}, std::move(done)); });
    return all;
}

} // namespace eventops::test
