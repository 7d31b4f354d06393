// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"
#include "app/cli/past_cases.h"
#include "app/cli/table.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/deviation.h"
#include "core/filter/quoted.h"
#include "core/model/expected_step.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace eventops::cli {
namespace {

constexpr std::size_t IdBytesMin = 4; ///< Of a prefix.
constexpr std::size_t NamedMax = 5;   ///< Ids that an error lists.

/// All that is known of a finding.
struct Explanation {
    Finding finding;
    std::vector<ExpectedStep> expected;
    std::string unsurprising; ///< Empty: the terms do not tell.
    std::vector<PastCase> past;
    std::vector<LikelyCause> causes;
};

Result<Finding> findingById(const Context &context, Backend &backend, const std::string &id)
{
    if (id.size() < IdBytesMin || id.find_first_not_of("0123456789abcdef") != std::string::npos)
        return Error{Error::Code::InvalidArgument, "\"" + printable(id) + "\" is no id of a finding", {},
                     "give at least four hexadecimal digits of it, as eventops query findings --json prints it"};
    std::vector<Finding> found;
    Query query;
    query.filter = "id ~ " + filterQuoted("^" + id);
    const auto done = await<Ok>([&](Done<Ok> end) {
        return backend.findings(context.caller(), query, [&](std::vector<Finding> page) {
            for (Finding &finding : page) {
                if (found.size() <= NamedMax)
                    found.push_back(std::move(finding));
            }
        }, std::move(end));
    });
    if (!done)
        return done.error();
    if (found.empty())
        return Error{Error::Code::NotFound, "there is no finding " + printable(id), {},
                     "see eventops query findings --json"};
    if (found.size() == 1)
        return std::move(found.front());
    std::string ids;
    for (std::size_t i = 0; i < std::min(found.size(), NamedMax); ++i)
        ids += (i > 0 ? ", " : "") + found[i].id;
    return Error{Error::Code::InvalidArgument, "several findings begin with " + id + ": " + ids, {},
                 "give more digits"};
}

/// The term that a finding is named for: the first of its kind, which says what was seen and expected.
const BitsTerm *mainTerm(const Finding &finding)
{
    constexpr std::pair<std::string_view, std::string_view> Kinds[] = {
        {"value_surprise", "value"}, {"sequence_surprise", "transition"}, {"timing_surprise", "timing"}};
    std::string_view kind = finding.name; // extra_step, missing_step and silence are named alike
    for (const auto &[name, term] : Kinds)
        kind = finding.name == name ? term : kind;
    const auto it = std::find_if(finding.terms.begin(), finding.terms.end(),
                                 [&](const BitsTerm &term) { return term.name == kind; });
    return it != finding.terms.end() ? &*it : nullptr;
}

/// The change of the event after which it would have been expected.
std::string unsurprisingOf(const Finding &finding, const std::vector<ExpectedStep> &expected)
{
    const BitsTerm *most = mainTerm(finding);
    if (most == nullptr)
        return {};
    if (most->name == "value") {
        for (const std::string_view word : {", at most ", ", at least "}) {
            if (const std::size_t at = most->expected.rfind(word); at != std::string::npos)
                return finding.metric + " of " + most->expected.substr(at + 2);
        }
        return {};
    }
    if (most->name == "timing") {
        const std::size_t at = most->expected.rfind("p95 ");
        return at == std::string::npos ? std::string() : finding.step + " within " + most->expected.substr(at + 4);
    }
    if (most->name == "silence")
        return most->expected + " instead of " + most->observed;
    if (most->name == "missing_step" || most->name == "extra_step") { // all of them
        std::string text;
        for (const BitsTerm &term : finding.terms) {
            if (term.name == "missing_step" || term.name == "extra_step")
                text += (text.empty() ? "" : ", ") + term.expected + " instead of " + term.observed;
        }
        return text;
    }
    if (expected.empty())
        return {};
    return expected.front().step + " instead of " + finding.step + ", "
         + most->context.substr(0, most->context.rfind(", by "));
}

Result<Explanation> explain(const Context &context, const std::string &id)
{
    const auto backend = EVENTOPS_TRY(context.place());
    Explanation out;
    out.finding = EVENTOPS_TRY(findingById(context, *backend, id));
    out.expected = expectedSteps(out.finding);
    out.unsurprising = unsurprisingOf(out.finding, out.expected);
    out.past = EVENTOPS_TRY(pastCases(context, *backend, out.finding));
    out.causes = EVENTOPS_TRY(await<std::vector<LikelyCause>>([&](Done<std::vector<LikelyCause>> done) {
        return backend->causes(context.caller(), out.finding.id, std::move(done));
    }));
    return out;
}

std::string timeText(WallNs ts)
{
    return ts == NoTime ? "no time" : formatTimestamp(ts);
}

void printText(const Explanation &e)
{
    const Finding &finding = e.finding;
    std::printf("%s\nfinding %s\n", findingLine(finding).c_str(), finding.id.c_str());
    if (!finding.terms.empty())
        std::printf("\nWhy: %s bits, the sum of\n%s", bitsText(finding.bits).c_str(),
                    findingTerms(finding, "  ").c_str());
    if (!e.expected.empty())
        std::printf("\nExpected steps\n");
    for (const ExpectedStep &step : e.expected) {
        std::printf("  %5.1f %%  %s", step.probability * 100.0, printable(step.step).c_str());
        if (step.samples > 0)
            std::printf("  (%llu of %llu)", static_cast<unsigned long long>(step.count),
                        static_cast<unsigned long long>(step.samples));
        std::printf("\n");
    }
    if (!e.unsurprising.empty())
        std::printf("\nIt would not have surprised: %s\n", printable(e.unsurprising).c_str());
    if (!e.past.empty())
        std::printf("\nThe last times\n");
    for (const PastCase &one : e.past)
        std::printf("  %s  %s  %s  event %s\n", timeText(one.ts).c_str(), printable(one.entityId).c_str(),
                    printable(one.text).c_str(), printable(one.eventId).c_str());
    if (!e.causes.empty())
        std::printf("\nLikely causes\n");
    for (const LikelyCause &cause : e.causes)
        std::printf("  %3.0f %%  %s  %s\n", cause.share * 100.0, printable(cause.entityId).c_str(),
                    printable(cause.message).c_str());
    if (!isDeviation(finding))
        std::printf("\nA rule says so; what it saw is in its message.\n");
}

void printJson(const Explanation &e)
{
    const Finding &finding = e.finding;
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("id", finding.id).field("ts", timeText(finding.ts));
    json.field("origin", toString(finding.origin)).field("name", finding.name);
    json.field("entity_id", finding.entityId).field("message", finding.message);
    json.key("bits").number(finding.bits);
    json.key("terms").raw(termsToJson(finding.terms));
    json.key("expected").beginArray();
    for (const ExpectedStep &step : e.expected) {
        json.beginObject().field("step", step.step).key("probability").number(step.probability);
        if (step.samples > 0)
            json.key("count").unsignedInteger(step.count).key("samples").unsignedInteger(step.samples);
        json.endObject();
    }
    json.endArray();
    json.key("unsurprising");
    if (e.unsurprising.empty())
        json.null();
    else
        json.string(e.unsurprising);
    json.key("past_cases").beginArray();
    for (const PastCase &one : e.past) {
        json.beginObject().field("ts", timeText(one.ts)).field("entity_id", one.entityId);
        json.field("text", one.text).field("event_id", one.eventId).endObject();
    }
    json.endArray();
    json.key("causes").beginArray();
    for (const LikelyCause &cause : e.causes) {
        json.beginObject().field("entity_type", cause.entityType).field("entity_id", cause.entityId);
        json.key("share").number(cause.share).key("own_bits").number(cause.bits);
        json.field("finding_id", cause.findingId).field("message", cause.message).endObject();
    }
    json.endArray().endObject();
    std::puts(out.c_str());
}

} // namespace

void addExplain(CLI::App &app, Context &context)
{
    const auto id = std::make_shared<std::string>();
    CLI::App *command = app.add_subcommand(
        "explain", "Why a finding surprised: its terms, what was expected, the last times, what would not have");
    command->add_option("ID", *id, "Id of the finding, or its first digits")->required();
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, id] {
        const auto explanation = explain(context, *id);
        if (!explanation)
            return context.fail(explanation.error());
        if (context.json)
            printJson(explanation.value());
        else
            printText(explanation.value());
    });
}

} // namespace eventops::cli
