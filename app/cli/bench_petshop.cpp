// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"
#include "app/cli/cause_tables.h"

#include "core/codec/json_reader.h"
#include "core/base/read_file.h"

#include <algorithm>
#include <filesystem>

namespace eventops::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t TargetBytesMax = std::size_t{1} << 20U;
constexpr std::size_t IssuesMax = 10'000;

/// The directories below dataset/low_traffic that hold an issue, by their bytes.
Result<std::vector<std::string>> issuesBelow(const std::string &root)
{
    std::vector<std::string> issues;
    std::error_code error;
    fs::recursive_directory_iterator at(root, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (at->path().filename() == "target.json")
            issues.push_back(at->path().parent_path().string());
        if (issues.size() > IssuesMax)
            return Error{Error::Code::LimitExceeded, "there are more than 10,000 issues", {root, 0, 0}};
    }
    if (error)
        return Error{Error::Code::NotFound, "--petshop: cannot be read: " + error.message(), {root, 0, 0},
                     "name the directory that holds dataset/"};
    if (issues.empty())
        return Error{Error::Code::NotFound, "--petshop: there is no issue below it", {root, 0, 0},
                     "name the directory that holds dataset/"};
    std::sort(issues.begin(), issues.end());
    return issues;
}

/// The member "node" of the member @p of.
Result<std::string> nodeOf(const JsonReader &reader, std::string_view of, const std::string &path)
{
    const JsonEntry *entry = reader.find(of);
    const auto node = entry != nullptr ? jsonMember(entry->value, "node") : std::nullopt;
    if (!node || jsonKind(*node) != JsonKind::String)
        return Error{Error::Code::InvalidInput, std::string(of) + " has no node", {path, 0, 0},
                     "give the data set's own files"};
    std::string scratch;
    return std::string(jsonText(*node, scratch));
}

/// Place of the true cause among the ranks, from 1; 0: it is not there.
Result<std::size_t> rankOfCause(const std::string &root, const std::string &issue)
{
    const std::string path = issue + "/target.json";
    const std::string text = EVENTOPS_TRY(readTextFile(path, TargetBytesMax));
    JsonReader target;
    if (const JsonFailure failure = target.read(text))
        return Error{Error::Code::InvalidInput, failure.text(), {path, 0, 0}, "give the data set's own files"};
    CauseFiles files = {root + "/graph.csv", root + "/noissue/metrics.csv", issue + "/metrics.csv", {}};
    files.target = EVENTOPS_TRY(nodeOf(target, "target", path));
    const std::string truth = EVENTOPS_TRY(nodeOf(target, "root_cause", path));
    const CauseRanks ranks = EVENTOPS_TRY(rankCauseFiles(files));
    for (std::size_t i = 0; i < ranks.causes.size(); ++i) {
        if (ranks.graph.nodes[ranks.causes[i].node] == truth)
            return i + 1;
    }
    return std::size_t{0};
}

} // namespace

Status benchPetShop(const std::string &directory, BenchRows &rows)
{
    const std::string root = directory + "/dataset/low_traffic";
    const std::vector<std::string> issues = EVENTOPS_TRY(issuesBelow(root));
    std::size_t first = 0, firstThree = 0;
    for (const std::string &issue : issues) {
        const std::size_t rank = EVENTOPS_TRY(rankOfCause(root, issue));
        first += rank == 1 ? 1 : 0;
        firstThree += rank >= 1 && rank <= 3 ? 1 : 0;
    }
    const auto count = static_cast<double>(issues.size());
    rows.push_back({"PetShop", "cause is first", static_cast<double>(first) / count, 4, false, 0.75, 0.85});
    rows.push_back({"PetShop", "cause is among three", static_cast<double>(firstThree) / count, 4, false, 0.95, 1.0});
    return Ok{};
}

} // namespace eventops::cli
