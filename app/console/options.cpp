// SPDX-License-Identifier: MIT
#include "app/console/options.h"

#include "app/common/local.h"
#include "core/base/time.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>

namespace eventops::console {

std::vector<Options> optionsOfWindows(const Options &options)
{
    std::vector<Options> windows(std::max<std::size_t>(1, options.attach.size()), options);
    for (std::size_t i = 0; i < options.attach.size(); ++i) {
        windows[i].attach = {options.attach[i]};
        if (!options.tokenFiles.empty())
            windows[i].tokenFiles = {options.tokenFiles[std::min(i, options.tokenFiles.size() - 1)]};
    }
    return windows;
}

bool readOptions(int argc, char **argv, Options &options, int &exitCode)
{
    CLI::App parser("The window of EventOps Console: what happened, why it is surprising, and what to do about it.",
                    "eventops-console");
    std::string quitAfter;
    auto *demo = parser.add_flag("--demo", options.demo, "Show a made-up shop with known faults, in a fresh workspace");
    auto *workspace = parser.add_option("-w,--workspace", options.workspace,
                                        "Directory that holds everything of a workspace; default: the user's own");
    auto *open = parser.add_option("--open,FILE", options.files, "Captures to read into the workspace");
    parser.add_option("--pipeline", options.pipeline, "Pipeline file to read them with; default: the shipped one")
        ->needs(open);
    parser.add_option("--pace", options.demoPace,
                      "Virtual seconds a second of the demo; 0: as fast as it goes; default: 20")
        ->check(CLI::Range(0.0, DemoPaceMax))
        ->needs(demo);
    parser.add_flag("--read-only", options.readOnly, "Look only: nothing is read in, nothing is decided")
        ->excludes(open)
        ->excludes(demo);
    demo->excludes(workspace)->excludes(open);
    auto *attach = parser.add_option("--attach", options.attach,
                                     "Engine to look at, as `eventops serve` offers it: localhost:8088, wss://name; or "
                                     "topics: kafka://host:9092; several give a window each");
    attach->excludes(demo)->excludes(workspace)->excludes(open);
    parser
        .add_option("--token-file", options.tokenFiles,
                    "File with the token for it; several: one for each --attach, in the same order. Of topics: what "
                    "signs decisions; without it they can be looked at")
        ->needs(attach);
    parser
        .add_option("--keep-in", options.keepIn,
                    "Directory for what is read from topics: a workspace to open later; default: it goes with the "
                    "window")
        ->needs(attach);
    parser.add_option("--ca", options.caFile, "PEM file of the authorities to trust for wss://; default: the system's")
        ->needs(attach);
    parser.add_option("--theme", options.theme, "dark or light; default: as chosen before, else as the desktop is")
        ->check(CLI::IsMember({"dark", "light"}));
    parser
        .add_option("--quit-after", quitAfter,
                    "End after this time, for example 5s; 0s: with the first picture, saying so")
        ->check([](const std::string &text) {
            return parseDurationNs(text) ? std::string() : "'" + text + "' is no duration such as 5s";
        });
    parser.add_option("--screenshot", options.screenshot, "At the end, write a picture of the window to this PNG file");
    parser.add_option("--show", options.show, "Bring up the view of this name, for example graph");
    parser.add_option("--select", options.selectFilter, "Select the first event that matches this filter");
    parser.add_option("--size", options.size, "Size of the window, for example 1280x800");
    parser.set_version_flag("--version", EVENTOPS_VERSION);
    parser.footer("Nothing is asked at the start. Keys: press ? in the window. More: F1 in the window.");
    try {
        parser.parse(argc, argv);
    } catch (const CLI::Success &help) {
        exitCode = parser.exit(help);
        return false;
    } catch (const CLI::ParseError &error) {
        parser.exit(error);
        exitCode = app::ExitUsage;
        return false;
    }
    if (options.tokenFiles.size() > 1 && options.tokenFiles.size() != options.attach.size()) {
        std::fprintf(stderr, "eventops-console: give one --token-file for all engines, or one for each --attach\n");
        exitCode = app::ExitUsage;
        return false;
    }
    if (!options.keepIn.empty() && options.attach.size() != 1) {
        std::fprintf(stderr, "eventops-console: --keep-in takes the topics of one --attach\n");
        exitCode = app::ExitUsage;
        return false;
    }
    if (!quitAfter.empty())
        options.quitAfterNs = parseDurationNs(quitAfter).value_or(0);
    return true;
}

} // namespace eventops::console
