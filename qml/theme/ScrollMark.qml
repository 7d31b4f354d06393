// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Templates as T
import EventOps.Theme

// A scroll bar that is there only while there is something to scroll.
T.ScrollBar {
    id: bar

    implicitWidth: Theme.metric.space2
    implicitHeight: Theme.metric.space2
    padding: Theme.metric.border * 2
    visible: size < 1
    minimumSize: 0.08
    contentItem: Rectangle {
        implicitWidth: Theme.metric.space1
        implicitHeight: Theme.metric.space1
        radius: width / 2
        color: bar.pressed || bar.hovered ? Theme.color.textMuted : Theme.color.borderStrong
    }
}
