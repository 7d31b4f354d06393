// SPDX-License-Identifier: MIT
#include "app/cli/case_files.h"
#include "app/cli/cli.h"

#include <cstdio>

namespace eventops::cli {
namespace {

Status scoreSessions(const std::string &train, const std::string &path)
{
    CaseModels models;
    std::size_t learned = 0;
    EVENTOPS_TRY(readLines(train, [&](std::size_t, std::string_view line) -> Status {
        const FileCase session = sessionOf(models, line);
        learned += session.steps.empty() ? 0 : 1;
        if (!session.steps.empty())
            models.learn(session);
        return Ok{};
    }));
    if (learned == 0)
        return Error{Error::Code::InvalidArgument, train + " holds no session", {},
                     "write one session a line, step names separated by blanks"};
    std::fprintf(stderr, "# threshold %.6f\n", models.threshold(FalseCaseRate));
    return readLines(path, [&](std::size_t, std::string_view line) -> Status {
        std::printf("%.6f\n", models.score(sessionOf(models, line)).bits());
        return Ok{};
    });
}

} // namespace

void addScoreSessions(CLI::App &group, Context &context)
{
    struct Paths {
        std::string train, file;
    };
    auto *command = group.add_subcommand(
        "sessions", "Score sessions (one a line, step names separated by blanks) by what normal sessions do");
    auto paths = std::make_shared<Paths>();
    command->add_option("--train", paths->train, "Normal sessions to learn from")->required()->type_name("FILE");
    command->add_option("file", paths->file, "Sessions to score: one score in bits a line, in their order")
        ->required()
        ->type_name("FILE");
    command->footer("The threshold that one in a thousand normal sessions reaches is printed to standard error.");
    command->callback([&context, paths] {
        if (const Status done = scoreSessions(paths->train, paths->file); !done)
            context.fail(done.error());
    });
}

} // namespace eventops::cli
