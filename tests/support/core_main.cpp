// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

/// Tests without a display.
int main(int argc, char **argv)
{
    const QCoreApplication app(argc, argv);
    return eventops::test::runTests();
}
