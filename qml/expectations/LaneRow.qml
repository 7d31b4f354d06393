// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// One case in flight: whose, after what, what comes next, and how the clock stands to that.
Card {
    id: lane
    required property int index
    required property string target
    required property string entityType
    required property string steps
    required property string probability
    required property string others
    required property int standing
    required property string standingName
    required property real now
    required property string countdown
    required property bool bandKnown
    required property string times
    required property string spoken
    property real trackShare: 0.5
    readonly property color tint: Theme.color[["positive", "severityWarning", "severityError",
                                               "severityCritical"][standing]]
    signal activated()

    isCurrent: ListView.isCurrentItem
    isHovered: hover.hovered
    edge: tint
    height: content.implicitHeight + 2 * Theme.metric.space2
    Accessible.role: Accessible.ListItem
    Accessible.name: spoken
    Accessible.description: times

    HoverHandler { id: hover }
    TapHandler { onTapped: lane.activated() }

    ColumnLayout {
        id: content
        spacing: Theme.metric.space1
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            margins: Theme.metric.space2
            leftMargin: Theme.metric.space3
            rightMargin: Theme.metric.space3
        }

        RowLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            ThemeIcon {
                name: ["clock", "triangle-alert", "circle-alert", "octagon-alert"][lane.standing]
                tint: lane.tint
            }
            PlainText {
                text: lane.target
                font.weight: Font.DemiBold
                elide: Text.ElideMiddle
                Layout.fillWidth: true
            }
            PlainText {
                objectName: "countdown"
                text: lane.countdown !== "" ? lane.countdown : lane.standingName
                color: lane.standing === ExpectationsModel.OnTime ? Theme.color.textMuted : lane.tint
                font.pixelSize: Theme.font.small
                font.weight: lane.standing === ExpectationsModel.OnTime ? Font.Normal : Font.DemiBold
            }
        }
        RowLayout {
            spacing: Theme.metric.space2
            Layout.fillWidth: true

            MutedText {
                text: lane.steps
                Layout.fillWidth: true
                Layout.preferredWidth: 1
            }
            MutedText {
                text: lane.probability
                visible: text !== ""
                color: Theme.color.text
            }
            CountdownTrack {
                now: lane.now
                bandKnown: lane.bandKnown
                tint: lane.tint
                Layout.preferredWidth: content.width * lane.trackShare
            }
        }
        MutedText {
            visible: lane.isCurrent
            text: (lane.others !== "" ? qsTr("%1 · or %2").arg(lane.entityType).arg(lane.others) : lane.entityType)
                  + "\n" + lane.times
            wrapMode: Text.Wrap
            maximumLineCount: 5
            Layout.fillWidth: true
        }
    }
}
