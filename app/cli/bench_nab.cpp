// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"
#include "core/entropy/nab_score.h"
#include "app/cli/series_files.h"

#include "core/codec/json_reader.h"
#include "core/base/read_file.h"

#include <algorithm>

namespace eventops::cli {
namespace {

constexpr std::size_t LabelBytesMax = std::size_t{16} << 20U;

Error labelError(const std::string &path, std::string message)
{
    return Error{Error::Code::InvalidInput, std::move(message), {path, 0, 0}, "give the benchmark's own files"};
}

/// "2014-04-10 07:15:00.000000" as the data write it.
std::string secondsOf(std::string_view raw)
{
    std::string scratch;
    const std::string text(jsonText(raw, scratch));
    return text.substr(0, text.find('.'));
}

/// The windows of one file, as rows.
Status addWindows(const std::string &path, std::string_view spans, const std::vector<std::string> &times,
                  NabSeries &series)
{
    const auto rowOf = [&](std::string_view raw) {
        return static_cast<std::size_t>(std::find(times.begin(), times.end(), secondsOf(raw)) - times.begin());
    };
    JsonItems items(spans);
    std::string_view name, span;
    while (items.next(name, span)) {
        std::string_view first, last;
        if (jsonKind(span) != JsonKind::Array)
            return labelError(path, "a window is no array");
        JsonItems ends(span);
        if (!ends.next(name, first) || !ends.next(name, last) || jsonKind(first) != JsonKind::String
            || jsonKind(last) != JsonKind::String)
            return labelError(path, "a window has no two times");
        const auto window = std::pair(rowOf(first), rowOf(last));
        if (window.second >= times.size() || window.first >= window.second)
            return labelError(path, "the window " + std::string(span) + " does not lie in its series");
        series.windows.push_back(window);
    }
    return Ok{};
}

Result<std::vector<NabSeries>> readCorpus(const std::string &directory)
{
    const std::string path = directory + "/labels/combined_windows.json";
    const std::string text = EVENTOPS_TRY(readTextFile(path, LabelBytesMax));
    JsonReader labels;
    if (const JsonFailure failure = labels.read(text))
        return labelError(path, failure.text());
    std::vector<NabSeries> corpus;
    for (const JsonEntry &file : labels.members()) {
        NabSeries series;
        std::vector<std::string> times;
        EVENTOPS_TRY(scoreSeriesFile(directory + "/data", std::string(file.name),
                                     [&](std::string_view time, double score) {
                                         times.emplace_back(time);
                                         series.scores.push_back(score);
                                     }));
        if (jsonKind(file.value) != JsonKind::Array)
            return labelError(path, "the windows of " + std::string(file.name) + " are no array");
        EVENTOPS_TRY(addWindows(path, file.value, times, series));
        corpus.push_back(std::move(series));
    }
    return corpus;
}

/// What config/profiles.json says of @p name.
Result<NabProfile> readProfile(const std::string &directory, std::string_view name)
{
    const std::string path = directory + "/config/profiles.json";
    const std::string text = EVENTOPS_TRY(readTextFile(path, LabelBytesMax));
    JsonReader profiles;
    if (const JsonFailure failure = profiles.read(text))
        return labelError(path, failure.text());
    const JsonEntry *found = profiles.find(name);
    const auto costs = found != nullptr ? jsonMember(found->value, "CostMatrix") : std::nullopt;
    const auto weight = [&costs](std::string_view which) {
        const auto number = costs ? jsonMember(*costs, which) : std::nullopt;
        return number ? jsonDouble(*number) : std::nullopt;
    };
    const auto hit = weight("tpWeight"), wrong = weight("fpWeight"), missed = weight("fnWeight");
    if (!hit || !wrong || !missed)
        return labelError(path, "the profile " + std::string(name) + " lacks a weight");
    return NabProfile{*hit, *wrong, *missed};
}

} // namespace

Status benchNab(const std::string &directory, BenchRows &rows)
{
    const std::vector<NabSeries> corpus = EVENTOPS_TRY(readCorpus(directory));
    for (const char *name : {"standard", "reward_low_FP_rate", "reward_low_FN_rate"}) {
        const NabProfile profile = EVENTOPS_TRY(readProfile(directory, name));
        const double score = nabScore(corpus, profile).score;
        BenchRow row = {"NAB", std::string("score, profile ") + name, score, 4, false, {}, {}};
        if (rows.empty() || rows.back().data != row.data) {
            row.must = 62.0;
            row.stretch = 70.5;
        }
        rows.push_back(row);
    }
    return Ok{};
}

} // namespace eventops::cli
