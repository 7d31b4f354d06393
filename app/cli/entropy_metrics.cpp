// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"
#include "app/cli/series_files.h"

#include "core/entropy/value_model.h"

#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

namespace eventops::cli {
namespace {

/// A name as a CSV cell.
std::string cellOf(const std::string &name)
{
    if (name.find_first_of(",\"\r\n") == std::string::npos)
        return name;
    std::string out = "\"";
    for (const char c : name) {
        out += c;
        if (c == '"')
            out += c;
    }
    return out + '"';
}

void printRow(const std::string &cell, double score)
{
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, score, std::chars_format::fixed, 9);
    std::printf("%s,%.*s\n", cell.c_str(), static_cast<int>(end.ptr - digits), digits);
}

Status scoreMetrics(const std::string &root)
{
    const std::vector<std::string> files = EVENTOPS_TRY(csvFilesBelow(root));
    std::printf("file,score\n");
    for (const std::string &file : files) {
        const std::string cell = cellOf(file);
        EVENTOPS_TRY(scoreSeriesFile(root, file, [&cell](std::string_view, double score) { printRow(cell, score); }));
    }
    std::fflush(stdout);
    std::fprintf(stderr, "# threshold %.9g\n", unitScoreOfBits(RobustValueOptions().bitsMin));
    return Ok{};
}

} // namespace

void addScoreMetrics(CLI::App &group, Context &context)
{
    const auto root = std::make_shared<std::string>();
    CLI::App *command = group.add_subcommand(
        "metrics", "Scores series of timestamp,value below a directory, each seen once in order: file,score a row");
    command->add_option("--root", *root, "Directory with .csv files; each is a series, its first line a heading")
        ->required();
    command->footer("Scores lie in [0,1): bits/(bits + 10) of a surprise that beats its series' last alarm, else 0.\n"
                    "Standard error ends with the score from which a pipeline reports: # threshold X");
    command->callback([&context, root] {
        if (const Status done = scoreMetrics(*root); !done)
            context.fail(done.error());
    });
}

} // namespace eventops::cli
