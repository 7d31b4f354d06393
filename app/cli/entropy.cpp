// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

namespace eventops::cli {

void addEntropy(CLI::App &app, Context &context)
{
    CLI::App *group = app.add_subcommand("entropy", "Surprise in bits over files of one's own: what deviates, and why");
    group->require_subcommand(1);
    for (auto *add : {addRankCauses})
        add(*group, context);
}

} // namespace eventops::cli
