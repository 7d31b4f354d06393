// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// What the borders of a track's zones mean, above the tracks.
Item {
    id: legend
    implicitHeight: label.implicitHeight
    Accessible.role: Accessible.StaticText
    Accessible.name: qsTr("A track runs from the last step over the times at which half, 90 % and 99 % of the cases "
                          + "went on, to where the absence becomes a finding")

    Repeater {
        model: [{ at: 0.4, text: qsTr("half"), room: 0 }, { at: 0.6, text: qsTr("90 %"), room: 0 },
                { at: 0.8, text: qsTr("99 %"), room: 0 }, { at: 1.0, text: qsTr("missing"), room: 11 }]

        MutedText {
            required property var modelData
            text: modelData.text
            visible: legend.width > modelData.room * Theme.metric.space5
            x: Math.min(legend.width - implicitWidth, modelData.at * legend.width - implicitWidth / 2)
        }
    }
    MutedText {
        id: label
        text: qsTr("last step")
        visible: legend.width > 9 * Theme.metric.space5
    }
}
