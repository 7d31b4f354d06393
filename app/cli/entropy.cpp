// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

namespace eventops::cli {

void addEntropy(CLI::App &app, Context &context)
{
    CLI::App *group = app.add_subcommand("entropy", "Surprise in bits over files of one's own: what deviates, and why");
    group->require_subcommand(1);
    for (auto *add : {addRankCauses, addEntropyBench})
        add(*group, context);
    CLI::App *score = group->add_subcommand("score", "Score a file with the models and the defaults of the pipeline");
    score->require_subcommand(1);
    for (auto *add : {addScoreSessions, addScoreProcess, addScoreMetrics})
        add(*score, context);
}

} // namespace eventops::cli
