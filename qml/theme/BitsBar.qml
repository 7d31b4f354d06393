// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// The terms of a surprise side by side, each as wide as its part of the sum.
Row {
    id: bar
    property var terms: []
    property int thickness: Theme.metric.space2

    height: thickness
    spacing: Theme.metric.border * 2
    Accessible.role: Accessible.Graphic
    Accessible.name: terms.map(term => term.name + " " + term.bitsText + " bits").join(", ")

    Repeater {
        model: bar.terms

        Rectangle {
            required property var modelData
            required property int index
            readonly property real gaps: bar.spacing * (bar.terms.length - 1)

            width: Math.max(Theme.metric.border, (bar.width - gaps) * modelData.share)
            height: bar.thickness
            radius: Theme.metric.border * 2
            color: Theme.color["series" + (index % 6 + 1)]
        }
    }
}
