// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"
#include "app/cli/cli.h"

#include "core/base/json.h"

#include <cstdio>

namespace eventops::cli {
namespace {

struct BenchFolders {
    std::string hdfs;
    std::string process;
    std::string nab;
    std::string petshop;
    bool noSpeed = false;
};

const char *verdictOf(const BenchRow &row)
{
    if (!row.must)
        return "";
    if (!row.reaches(*row.must))
        return "short";
    return row.stretch && row.reaches(*row.stretch) ? "stretch" : "ok";
}

std::string goalText(const BenchRow &row, const std::optional<double> &goal)
{
    if (!goal)
        return "-";
    char text[64];
    std::snprintf(text, sizeof text, "%s %.6g", row.lessIsBetter ? "<=" : ">=", *goal);
    return text;
}

void printRow(const BenchRow &row)
{
    std::printf("%-10s %-45s %9.*f  %-9s %-9s %s\n", printable(row.data).c_str(), row.figure.c_str(), row.decimals,
                row.value, goalText(row, row.must).c_str(), goalText(row, row.stretch).c_str(), verdictOf(row));
}

void printJson(const BenchRow &row)
{
    std::string line;
    JsonWriter writer(line);
    writer.beginObject();
    writer.field("data", row.data).field("figure", row.figure);
    writer.key("value").number(row.value);
    writer.field("better", row.lessIsBetter ? "less" : "more");
    for (const auto &[name, goal] : {std::pair("must", row.must), std::pair("stretch", row.stretch)}) {
        writer.key(name);
        if (goal)
            writer.number(*goal);
        else
            writer.null();
    }
    writer.field("verdict", verdictOf(row));
    writer.endObject();
    std::printf("%s\n", line.c_str());
}

void printLeftOut(const Context &context, const char *option)
{
    if (context.json)
        std::printf("{\"left_out\":\"%s\"}\n", option);
    else
        std::printf("left out: %s\n", option);
}

Status benchAll(const Context &context, const BenchFolders &folders)
{
    struct Job {
        const char *option;
        const std::string &folder;
        Status (*run)(const std::string &, BenchRows &);
    };
    if (!context.json)
        std::printf("%-10s %-45s %9s  %-9s %-9s\n", "data", "figure", "value", "must", "stretch");
    const auto print = [&context](const BenchRows &rows) {
        for (const BenchRow &row : rows)
            context.json ? printJson(row) : printRow(row);
        std::fflush(stdout);
    };
    for (const Job &job : {Job{"--hdfs", folders.hdfs, benchSessions},
                           Job{"--process", folders.process, benchProcesses}, Job{"--nab", folders.nab, benchNab},
                           Job{"--petshop", folders.petshop, benchPetShop}}) {
        BenchRows rows;
        if (job.folder.empty()) {
            printLeftOut(context, job.option);
            continue;
        }
        EVENTOPS_TRY(job.run(job.folder, rows));
        print(rows);
    }
    if (folders.noSpeed) {
        printLeftOut(context, "speed");
        return Ok{};
    }
    for (Status (*run)(BenchRows &) : {benchHostile, benchSpeed}) {
        BenchRows rows;
        EVENTOPS_TRY(run(rows));
        print(rows);
    }
    return Ok{};
}

} // namespace

void addEntropyBench(CLI::App &group, Context &context)
{
    const auto folders = std::make_shared<BenchFolders>();
    CLI::App *command = group.add_subcommand(
        "bench", "Measures the models with the defaults of the pipeline over open data sets: a row a figure");
    command->add_option("--hdfs", folders->hdfs, "Sessions: train.txt, test_normal.txt, test_abnormal.txt")
        ->type_name("DIR");
    command->add_option("--process", folders->process, "Logs of CaseID,ActivityID,CompleteTimestamp: *.csv")
        ->type_name("DIR");
    command->add_option("--nab", folders->nab, "Numenta Anomaly Benchmark: data/, labels/, config/")->type_name("DIR");
    command->add_option("--petshop", folders->petshop, "PetShop issues: dataset/low_traffic/")->type_name("DIR");
    command->add_flag("--no-speed", folders->noSpeed, "Leave out what depends on the machine");
    command->footer("What is not named is left out and said so. Columns: data, figure, value, what it must be, what "
                    "would be better still, and whether it is: ok, stretch, or short.");
    addJson(*command, context);
    command->callback([&context, folders] {
        if (const Status done = benchAll(context, *folders); !done)
            context.fail(done.error());
    });
}

} // namespace eventops::cli
