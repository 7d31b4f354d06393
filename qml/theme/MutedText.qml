// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// What stands beside what matters.
PlainText {
    color: Theme.color.textMuted
    font.pixelSize: Theme.font.small
}
