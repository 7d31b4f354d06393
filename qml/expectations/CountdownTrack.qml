// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// Where the clock stands between a case's last step and the moment its silence becomes a finding. The zones are as wide
// in every lane, so lanes can be compared: half of the cases went on, nine of ten, 99 of 100, missing.
Item {
    id: track
    required property real now
    required property bool bandKnown
    required property color tint
    readonly property var zones: bandKnown ? [
        { from: 0.0, to: 0.4, token: "surfaceSunken", opacity: 1.0 },
        { from: 0.4, to: 0.6, token: "accent", opacity: 0.45 },
        { from: 0.6, to: 0.8, token: "severityWarning", opacity: 0.45 },
        { from: 0.8, to: 1.0, token: "severityError", opacity: 0.45 }
    ] : [{ from: 0.0, to: 1.0, token: "surfaceSunken", opacity: 1.0 }]

    implicitHeight: Theme.metric.space3
    Accessible.ignored: true // the lane says it in words

    Rectangle {
        id: ground
        anchors.fill: parent
        color: Theme.color.surfaceSunken
        border.width: Theme.metric.border
        border.color: Theme.color.border
        radius: Theme.metric.border * 3
    }
    Repeater {
        model: track.zones

        Rectangle {
            required property var modelData
            x: Theme.metric.border + modelData.from * (track.width - 2 * Theme.metric.border)
            width: (modelData.to - modelData.from) * (track.width - 2 * Theme.metric.border)
            y: Theme.metric.border
            height: track.height - 2 * Theme.metric.border
            color: Theme.color[modelData.token]
            opacity: modelData.opacity
        }
    }
    Rectangle {
        id: passed
        y: (track.height - height) / 2
        x: Theme.metric.border
        height: Theme.metric.space1
        width: Math.max(0, Math.min(1, track.now) * (track.width - 2 * Theme.metric.border))
        color: track.tint
    }
    Rectangle {
        id: marker
        objectName: "clockMarker"
        width: Theme.metric.border * 3
        height: track.height + Theme.metric.space1
        y: -Theme.metric.space1 / 2
        x: Math.min(track.width - width, Math.max(0, passed.x + passed.width - width / 2))
        color: Theme.color.text
    }
}
