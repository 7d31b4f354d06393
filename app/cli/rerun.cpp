// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/table.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/model/row_json.h"

#include <cstdio>
#include <unistd.h>

namespace eventops::cli {
namespace {

struct Options {
    std::string pipeline;
    unsigned workers = 0;
    bool stages = false;
};

/// One line that is written over, on a terminal only.
class ProgressLine
{
public:
    void show(const RerunProgress &progress)
    {
        if (!m_terminal)
            return;
        m_shown = true;
        std::fprintf(stderr, "\r%llu of %llu events ", static_cast<unsigned long long>(progress.events),
                     static_cast<unsigned long long>(progress.eventsTotal));
    }
    ~ProgressLine()
    {
        if (m_shown)
            std::fprintf(stderr, "\r\033[K");
    }

private:
    const bool m_terminal = isatty(STDERR_FILENO) == 1;
    bool m_shown = false;
};

std::string placeText(const Location &where)
{
    if (where.file.empty())
        return {};
    return where.file + (where.line == 0 ? std::string() : ':' + std::to_string(where.line));
}

std::string decisionLine(const Finding &finding)
{
    return findingLine(finding);
}

std::string decisionLine(const Suggestion &s)
{
    return formatTimestamp(s.proposedAt) + "  " + printable(s.command) + " on " + printable(s.entityType) + ':'
         + printable(s.entityId) + "  (" + printable(s.policy) + ')';
}

void appendDecision(std::string &out, const Finding &finding)
{
    appendFindingJson(out, finding);
}

void appendDecision(std::string &out, const Suggestion &suggestion)
{
    Action action;
    action.suggestion = suggestion;
    appendActionJson(out, action);
}

char sign(DecisionDifference difference)
{
    switch (difference) {
    case DecisionDifference::Added: return '+';
    case DecisionDifference::Removed: return '-';
    case DecisionDifference::Moved: return '>';
    case DecisionDifference::Changed: return '~';
    }
    return '?';
}

template <typename Row>
void printChanges(const char *title, const std::vector<DecisionChange<Row>> &changes,
                  const std::vector<SettingChange> &edits)
{
    if (!changes.empty())
        std::printf("\n%s\n", title);
    for (const DecisionChange<Row> &change : changes) {
        std::printf("  %c %s\n", sign(change.difference),
                    decisionLine(change.after ? *change.after : *change.before).c_str());
        for (const std::string &field : change.fields)
            std::printf("      %s\n", printable(field).c_str());
        for (const std::size_t cause : change.causes) {
            const SettingChange &edit = edits[cause];
            std::printf("      because of %s  %s: %s → %s\n", printable(placeText(edit.where)).c_str(),
                        printable(edit.path).c_str(), edit.before.empty() ? "nothing" : printable(edit.before).c_str(),
                        edit.after.empty() ? "nothing" : printable(edit.after).c_str());
        }
    }
}

void printDigests(const std::vector<StageDigest> &digests)
{
    for (const StageDigest &stage : digests)
        std::printf("  %-16s %12llu  %s\n", printable(stage.stage).c_str(),
                    static_cast<unsigned long long>(stage.outputs), stage.digest.c_str());
}

void printDiff(const DecisionDiff &diff, bool stages)
{
    std::printf("%zu %s; run again from the %s on, over %llu events%s\n", diff.edits.size(),
                diff.edits.size() == 1 ? "edit" : "edits",
                diff.from == PipelinePart::Records    ? "raw records"
                : diff.from == PipelinePart::Events   ? "stored events"
                : diff.from == PipelinePart::Findings ? "stored findings"
                                                      : "end: no stage sees the edits",
                static_cast<unsigned long long>(diff.events),
                diff.recorded ? "" : "; several pipelines made this history, so the last one was run again too");
    for (const SettingChange &edit : diff.edits)
        std::printf("  %s  %s: %s → %s\n", printable(placeText(edit.where)).c_str(), printable(edit.path).c_str(),
                    edit.before.empty() ? "nothing" : printable(edit.before).c_str(),
                    edit.after.empty() ? "nothing" : printable(edit.after).c_str());
    std::printf("findings %llu → %llu, suggestions %llu → %llu\n", static_cast<unsigned long long>(diff.findingsBefore),
                static_cast<unsigned long long>(diff.findingsAfter),
                static_cast<unsigned long long>(diff.suggestionsBefore),
                static_cast<unsigned long long>(diff.suggestionsAfter));
    printChanges("Findings", diff.findings, diff.edits);
    printChanges("Suggestions", diff.suggestions, diff.edits);
    if (diff.empty())
        std::printf("No decision differs.\n");
    if (stages) {
        std::printf("\nStages\n");
        printDigests(diff.stages);
    }
}

void appendDigests(JsonWriter &json, const char *key, const std::vector<StageDigest> &digests)
{
    json.key(key).beginArray();
    for (const StageDigest &stage : digests) {
        json.beginObject().field("stage", stage.stage).key("outputs").unsignedInteger(stage.outputs);
        json.field("digest", stage.digest).endObject();
    }
    json.endArray();
}

template <typename Row>
void appendChanges(JsonWriter &json, const char *key, const std::vector<DecisionChange<Row>> &changes)
{
    json.key(key).beginArray();
    for (const DecisionChange<Row> &change : changes) {
        json.beginObject().field("difference", toString(change.difference));
        for (const bool after : {false, true}) {
            const std::optional<Row> &row = after ? change.after : change.before;
            if (!row)
                continue;
            std::string text;
            appendDecision(text, *row);
            json.key(after ? "after" : "before").raw(text);
        }
        json.key("fields").beginArray();
        for (const std::string &field : change.fields)
            json.string(field);
        json.endArray().key("causes").beginArray();
        for (const std::size_t cause : change.causes)
            json.unsignedInteger(cause);
        json.endArray().endObject();
    }
    json.endArray();
}

std::string diffJson(const DecisionDiff &diff)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("from", toString(diff.from)).key("recorded").boolean(diff.recorded);
    json.key("events").unsignedInteger(diff.events);
    json.key("edits").beginArray();
    for (const SettingChange &edit : diff.edits) {
        json.beginObject().field("kind", toString(edit.kind)).field("path", edit.path);
        json.field("before", edit.before).field("after", edit.after).field("file", edit.where.file);
        json.key("line").unsignedInteger(edit.where.line).key("column").unsignedInteger(edit.where.column).endObject();
    }
    json.endArray();
    appendChanges(json, "findings", diff.findings);
    appendChanges(json, "suggestions", diff.suggestions);
    appendDigests(json, "stages", diff.stages);
    json.endObject();
    return out;
}

void compare(Context &context, const Options &options)
{
    RerunQuery query;
    query.pipelineName = options.pipeline;
    query.workers = options.workers;
    auto text = app::readTextFile(options.pipeline);
    if (!text)
        return context.fail(text.error());
    query.pipelineText = std::move(text).value();
    const auto backend = context.backend();
    const auto diff = [&] {
        ProgressLine line;
        return await<DecisionDiff>([&](Done<DecisionDiff> done) {
            return backend->decisionDiff(
                context.caller(), query, [&line](RerunProgress p) { line.show(p); }, std::move(done));
        });
    }();
    if (!diff)
        return context.fail(diff.error());
    if (context.json)
        std::printf("%s\n", diffJson(diff.value()).c_str());
    else
        printDiff(diff.value(), options.stages);
}

void check(Context &context, const Options &options)
{
    const auto backend = context.backend();
    const auto outcome = [&] {
        ProgressLine line;
        return await<RerunCheck>([&](Done<RerunCheck> done) {
            return backend->checkHistory(
                context.caller(), [&line](RerunProgress p) { line.show(p); }, std::move(done));
        });
    }();
    if (!outcome)
        return context.fail(outcome.error());
    const RerunCheck &check = outcome.value();
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().key("equal").boolean(check.equal()).field("from", toString(check.from));
        appendDigests(json, "recorded", check.recorded);
        appendDigests(json, "rerun", check.rerun);
        appendDigests(json, "stages", check.stages);
        json.endObject();
        std::printf("%s\n", out.c_str());
    } else {
        std::printf("Recorded\n");
        printDigests(check.recorded);
        std::printf("Run again from the %s\n", check.from == PipelinePart::Records ? "raw records" : "stored events");
        printDigests(check.rerun);
        if (options.stages) {
            std::printf("Stages\n");
            printDigests(check.stages);
        }
        std::printf(check.equal() ? "Equal, bit for bit.\n" : "They differ.\n");
    }
    if (!check.equal())
        context.exitCode = ExitFailed;
}

} // namespace

void addRerun(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand(
        "rerun", "Run the workspace's history again: the same pipeline must decide the same, bit for bit; an edited "
                 "one (--pipeline) shows what it would have decided otherwise, and which line does it");
    command->add_option("--pipeline", options->pipeline, "Edited pipeline file; default: the workspace's own");
    command->add_flag("--stages", options->stages, "Also print what each stage gave, as a digest");
    addWorkspace(*command, context);
    addJson(*command, context);
    command->add_option("--workers", options->workers, "Worker threads; 0: cores - 1. The result does not depend on it")
        ->check(CLI::Range(0, 64));
    command->callback([&context, options] {
        if (options->pipeline.empty())
            check(context, *options);
        else
            compare(context, *options);
    });
}

} // namespace eventops::cli
