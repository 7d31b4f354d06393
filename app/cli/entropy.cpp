// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

namespace eventops::cli {

void addEntropy(CLI::App &app, Context &context)
{
    CLI::App *group = app.add_subcommand("entropy", "Surprise in bits over files of one's own: what deviates, and why");
    group->require_subcommand(1);
    CLI::App *score = group->add_subcommand("score", "Scores a data set with the defaults that pipelines have");
    score->require_subcommand(1);
    for (auto *add : {addScoreMetrics})
        add(*score, context);
}

} // namespace eventops::cli
