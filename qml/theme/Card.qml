// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A raised ground with a border; a current one is marked by its edge, not by colour alone.
Rectangle {
    property bool isCurrent: false
    property bool isHovered: false
    property color edge: Theme.color.accent

    radius: Theme.metric.radius
    color: isCurrent || isHovered ? Theme.color.surfaceRaised : Theme.color.surface
    border.width: Theme.metric.border
    border.color: isCurrent ? Theme.color.borderStrong : Theme.color.border

    Rectangle {
        visible: parent.isCurrent
        color: parent.edge
        width: Theme.metric.space1
        radius: width / 2
        anchors {
            left: parent.left
            top: parent.top
            bottom: parent.bottom
            margins: Theme.metric.border
        }
    }
}
