// SPDX-License-Identifier: MIT
#include "core/session/sink_mark.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/config/pipeline_file.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"
#include "core/yaml/yaml.h"

namespace eventops {
namespace {

constexpr FieldSpec MarkFields[] = {
    {"target", "string", "required", "Where it goes."},
    {"place", "int", "required", "Events of the ledger that are done with."},
    {"delivered", "int", "0", "Events that the peer took."},
    {"dropped", "int", "0", "Events that retention had dropped before."},
    {"links", "int", "0", "Links that were first seen up to this record are there."},
    {"trouble", "string", "\"\"", "Why the next ones are not there yet."},
    {"since", "string", "\"\"", "Time of the first trouble."},
    {"attempts", "int", "0", "That failed one after the other."},
    {"dead_letters", "list", "[]", "What the peer did not take."},
};
constexpr FieldSpec LetterFields[] = {
    {"place", "int", "required", "In the ledger."},
    {"key", "string", "required", "The event's."},
    {"why", "string", "\"\"", "What the peer said."},
};

Result<std::uint64_t> countOf(const Value &checked, std::string_view name)
{
    const std::int64_t number = EVENTOPS_TRY(checked.at(name).integer());
    if (number < 0)
        return checked.at(name).error("a number is negative");
    return static_cast<std::uint64_t>(number);
}

Result<SinkMark> fromValue(const Value &given)
{
    const Value checked = EVENTOPS_TRY(checkSettings(given, MarkFields, "mark"));
    SinkMark mark;
    mark.target = EVENTOPS_TRY(checked.at("target").text());
    mark.place = EVENTOPS_TRY(countOf(checked, "place"));
    mark.delivered = EVENTOPS_TRY(countOf(checked, "delivered"));
    mark.dropped = EVENTOPS_TRY(countOf(checked, "dropped"));
    mark.links = EVENTOPS_TRY(countOf(checked, "links"));
    mark.trouble = EVENTOPS_TRY(checked.at("trouble").text());
    mark.since = parseTimestamp(EVENTOPS_TRY(checked.at("since").text())).value_or(NoTime);
    mark.attempts = static_cast<std::uint32_t>(EVENTOPS_TRY(countOf(checked, "attempts")));
    for (const Value &item : checked.at("dead_letters").items()) {
        const Value one = EVENTOPS_TRY(checkSettings(item, LetterFields, "mark"));
        SinkLetter letter;
        letter.place = EVENTOPS_TRY(countOf(one, "place"));
        letter.key = EVENTOPS_TRY(one.at("key").text());
        letter.why = EVENTOPS_TRY(one.at("why").text());
        mark.letters.push_back(std::move(letter));
    }
    return mark;
}

std::string troubleOf(const std::string &sink, const SinkMark &mark, std::uint64_t events)
{
    const std::string name = "sink " + sink;
    std::string out;
    if (!mark.letters.empty())
        out = name + ": " + std::to_string(mark.letters.size())
              + (mark.letters.size() == 1 ? " event is" : " events are") + " set aside, because "
              + mark.letters.back().why + "; then: eventops sinks retry " + sink;
    if (mark.trouble.empty())
        return out;
    out += (out.empty() ? name + ": " : ". ") + std::to_string(events - std::min(events, mark.place)) + " events wait";
    if (mark.since != NoTime)
        out += " since " + formatTimestamp(mark.since);
    return out + ", because " + mark.trouble + "; they are offered again by themselves";
}

} // namespace

Result<SinkMark> SinkMark::read(const std::string &path)
{
    const Result<Value> given = loadYaml(path);
    if (!given && given.error().code == Error::Code::NotFound)
        return given.error();
    auto mark = given ? fromValue(given.value()) : Result<SinkMark>(given.error());
    if (!mark)
        return Error{Error::Code::Corrupt,
                     "this is no mark of what a sink has",
                     {path, 0, 0},
                     "move it away; everything is then written again, under the same keys"};
    return mark;
}

Status SinkMark::write(const std::string &path) const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("target", target).key("place").unsignedInteger(place);
    json.key("delivered").unsignedInteger(delivered).key("dropped").unsignedInteger(dropped);
    json.key("links").unsignedInteger(links).field("trouble", trouble);
    json.field("since", since == NoTime ? std::string() : formatTimestamp(since));
    json.key("attempts").unsignedInteger(attempts).key("dead_letters").beginArray();
    for (const SinkLetter &one : letters)
        json.beginObject()
            .key("place")
            .unsignedInteger(one.place)
            .field("key", one.key)
            .field("why", one.why)
            .endObject();
    json.endArray().endObject();
    return lake::replaceFile(path, text + "\n");
}

std::string sinkName(const Configured<SinkSpec> &sink)
{
    return sink.settings.at("name").text().value();
}

Result<std::vector<Configured<SinkSpec>>> workspaceSinks(const Workspace &workspace, const Registry &registry,
                                                         const std::string &dataDirectory)
{
    const auto text = workspace.readPipeline();
    if (!text && text.error().code == Error::Code::NotFound)
        return std::vector<Configured<SinkSpec>>();
    if (!text)
        return text.error();
    PipelineSpec spec = EVENTOPS_TRY(parsePipeline(text.value(), workspace.pipelineFile(), registry, dataDirectory));
    return std::move(spec.sinks);
}

std::vector<std::string> sinkTroubles(const Workspace &workspace, const std::vector<Configured<SinkSpec>> &sinks,
                                      std::uint64_t events)
{
    std::vector<std::string> out;
    for (const Configured<SinkSpec> &sink : sinks) {
        const std::string name = sinkName(sink);
        const auto mark = SinkMark::read(SinkMark::file(workspace, name));
        std::string trouble = mark ? troubleOf(name, mark.value(), events) : std::string();
        if (!mark && mark.error().code != Error::Code::NotFound)
            trouble = "sink " + name + ": " + mark.error().text();
        if (!trouble.empty())
            out.push_back(std::move(trouble));
    }
    return out;
}

} // namespace eventops
