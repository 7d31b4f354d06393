// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace eventops::console {

constexpr double DemoPaceMax = 1e6;

/// What the command line says.
struct Options {
    bool demo = false;
    bool readOnly = false;
    std::string workspace;          ///< Empty: the user's own.
    std::vector<std::string> attach; ///< Engines elsewhere, or topics, a window each; instead of a workspace.
    std::string keepIn; ///< Directory in which what is read from topics stays; empty: nowhere.
    std::vector<std::string> tokenFiles; ///< Of them, in the same order; one alone is for all.
    std::string caFile;             ///< PEM of the authorities to trust for them; empty: the system's.
    std::vector<std::string> files; ///< Captures to read in.
    std::string pipeline;           ///< With which; empty: the shipped default.
    std::string theme;              ///< "dark", "light"; empty: the user's choice, else as the desktop is.
    std::string screenshot;         ///< File for a picture of the window at its end.
    std::vector<std::string> show;  ///< Views to bring up, in order.
    std::string selectFilter;       ///< The first event that matches is selected.
    std::string size;               ///< "1280x800".
    /// Virtual seconds a second after the demo's past; 0: as fast as it goes. At this one what goes wrong is on screen
    /// within a minute, and a person has time to do something about it.
    double demoPace = 20.0;
    long long quitAfterNs = -1;     ///< Negative: stay.
};

/// Reads the arguments. False: the program ends with @p exitCode; help, version or an error was printed.
bool readOptions(int argc, char **argv, Options &options, int &exitCode);

/// One for each window: of several engines each has its own.
std::vector<Options> optionsOfWindows(const Options &options);

} // namespace eventops::console
