using System.Text;
using System.Xml;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary><c>junit.xml</c>: the expectations and the reconciliation as test cases, for CI.</summary>
public static class JUnitReport
{
    public static string Write(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var cases = document
            .Expectations.Select(e =>
                (Class: "expectation", Name: e.What, e.Holds, e.Observed, Seconds: SecondsOf(document, e))
            )
            .Concat(
                // Scrapes are taken at different moments: a difference is expected of an observation.
                (document.IsObserved ? [] : document.Reconciliation).Select(r =>
                    (
                        Class: "reconciliation",
                        Name: r.What,
                        Holds: r.Difference == 0,
                        Observed: $"{r.Left} {r.LeftCount:0}, {r.Right} {r.RightCount:0}",
                        Seconds: 0.0
                    )
                )
            )
            .ToList();
        if (document.EndedEarly is { } reason)
            cases.Add((Class: "run", Name: "the run is complete", Holds: false, Observed: reason, Seconds: 0.0));
        if (document.MachineGate is { } gate)
            cases.Add((Class: "run", Name: "the machine keeps up", Holds: false, Observed: gate, Seconds: 0.0));
        var text = new Utf8Writer();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, NewLineChars = "\n" }))
        {
            void Attribute(string name, string value) => xml.WriteAttributeString(name, Clean(value));
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            Attribute("name", document.Scenario.Name);
            Attribute("tests", $"{cases.Count}");
            Attribute("failures", $"{cases.Count(c => !c.Holds && !IsUndecided(c.Name))}");
            Attribute("errors", "0");
            Attribute("skipped", $"{cases.Count(c => !c.Holds && IsUndecided(c.Name))}");
            Attribute("time", $"{document.Phases.Sum(p => p.Seconds):0.###}");
            Attribute("timestamp", $"{document.StartedAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss}");
            if (document.Cluster.Kind is { } kind)
            {
                xml.WriteStartElement("properties");
                xml.WriteStartElement("property");
                Attribute("name", "cluster.kind");
                Attribute("value", kind);
                xml.WriteEndElement();
                xml.WriteEndElement();
            }
            foreach (var one in cases)
            {
                xml.WriteStartElement("testcase");
                Attribute("classname", $"{document.Scenario.Name}.{one.Class}");
                Attribute("name", one.Name);
                Attribute("time", $"{one.Seconds:0.###}");
                if (!one.Holds && IsUndecided(one.Name))
                {
                    xml.WriteStartElement("skipped");
                    Attribute("message", $"undecided: {one.Observed}");
                    xml.WriteEndElement();
                }
                else if (!one.Holds)
                {
                    xml.WriteStartElement("failure");
                    Attribute("message", one.Observed);
                    xml.WriteString(Clean($"{one.Name}; {one.Observed}"));
                    xml.WriteEndElement();
                }
                xml.WriteEndElement();
            }
            var notice = document.Cluster.Notice.Length == 0 ? "" : $"{document.Cluster.Notice}.\n";
            var diagnosis = $"{document.Diagnosis.Name}: {document.Diagnosis.Sentence}";
            xml.WriteElementString("system-out", Clean($"{notice}{Headline.Title(document)}\n{diagnosis}"));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return text.ToString() + "\n";

        // Counters that carry no verdict fail nothing, as the exit code says too.
        bool IsUndecided(string check) => document.IsObserved && check == ObservedReport.GateCheck;
    }

    /// <summary>How long the phase of an expectation lasted.</summary>
    private static double SecondsOf(ReportDocument document, ExpectationInfo expectation) =>
        document
            .Phases.Where(p => expectation.What.StartsWith($"{p.Name}: ", StringComparison.Ordinal))
            .Sum(p => p.Seconds);

    /// <summary>XML 1.0 has no way to write some characters.</summary>
    private static string Clean(string text) =>
        string.Concat(
            text.EnumerateRunes().Select(r => r.IsBmp && !XmlConvert.IsXmlChar((char)r.Value) ? "\uFFFD" : r.ToString())
        );

    private sealed class Utf8Writer() : StringWriter(System.Globalization.CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => Encoding.UTF8;
    }
}
