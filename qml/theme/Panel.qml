// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// The ground that a view stands on.
FocusScope {
    focus: true

    Rectangle {
        anchors.fill: parent
        color: Theme.color.window
    }
}
