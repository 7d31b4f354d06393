// SPDX-License-Identifier: MIT
//
// Captures of the engine's machine, read into the workspace on request.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/api/replay_desk.h"
#include "core/base/json.h"

namespace eventops::api {
namespace {

void appendReplay(JsonWriter &json, const ReplayDesk::Replay &replay)
{
    json.beginObject().field("id", replay.id).field("capture", replay.capture).field("user", replay.user);
    json.field("state", toString(replay.state)).key("bytes").unsignedInteger(replay.progress.bytesRead);
    json.key("bytes_total").unsignedInteger(replay.progress.bytesTotal);
    const Counters &counters = replay.progress.counters;
    json.key("records").beginObject().key("received").unsignedInteger(counters.received);
    json.key("stored").unsignedInteger(counters.stored).key("skipped").unsignedInteger(counters.skipped);
    json.key("duplicate").unsignedInteger(counters.duplicate).key("dead_lettered");
    json.unsignedInteger(counters.deadLettered).endObject();
    json.key("findings").unsignedInteger(replay.progress.findings);
    json.field("trouble", replay.progress.trouble).field("error", replay.error).endObject();
}

void answer(const ApiCall &call, const Result<ReplayDesk::Replay> &replay, unsigned status = 200)
{
    if (!replay)
        return call.exchange->respond(problem(replay.error(), status == 202 ? "capture" : "id"));
    std::string body;
    JsonWriter json(body);
    appendReplay(json, replay.value());
    respondJson(*call.exchange, body + "\n", status);
}

void answerList(const ApiCall &call, const ReplayDesk &desk)
{
    const auto replays = desk.list(call.caller);
    if (!replays)
        return call.exchange->respond(problem(replays.error()));
    std::string body;
    JsonWriter json(body);
    json.beginObject().key("replays").beginArray();
    for (const ReplayDesk::Replay &replay : replays.value())
        appendReplay(json, replay);
    json.endArray().endObject();
    respondJson(*call.exchange, body + "\n");
}

} // namespace

void addReplayRoutes(Router &router, std::shared_ptr<ReplayDesk> desk)
{
    constexpr std::string_view Json = "application/json";
    constexpr std::uint64_t NameBytesMax = 1'024;
    const auto add = [&](std::string_view method, std::string_view path, std::string_view summary, auto handle) {
        router.add({method, path, RouteAccess::Token, summary, Json, {}, {}, std::move(handle)});
    };
    Route start{"POST",
                "/api/v1/replays",
                RouteAccess::Token,
                "Reads a capture of the server's directory of captures into the workspace, with the workspace's own "
                "pipeline. Answered at once; one is read after the other. For operators of all tenants.",
                Json,
                {},
                {{"capture", ParameterSpec::Kind::Text, "File, from that directory on.", 0, NameBytesMax, {}, true}},
                [desk](const ApiCall &call) {
                    answer(call, desk->start(call.caller, call.text("capture")), 202);
                }};
    start.goodStatus = 202;
    router.add(std::move(start));
    add("GET", "/api/v1/replays", "The last captures that were asked for, newest first.",
        [desk](const ApiCall &call) { answerList(call, *desk); });
    add("GET", "/api/v1/replays/{id}", "How far one is.",
        [desk](const ApiCall &call) { answer(call, desk->find(call.caller, call.pathValue("id"))); });
    add("POST", "/api/v1/replays/{id}/cancel", "Ends one; what was read is stored. For operators.",
        [desk](const ApiCall &call) { answer(call, desk->cancel(call.caller, call.pathValue("id"))); });
}

} // namespace eventops::api
