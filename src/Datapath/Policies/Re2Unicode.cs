using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The names of <c>\p{…}</c> that Go takes: categories, their long names, and scripts. Case, spaces, hyphens
/// and underscores do not count.</summary>
internal static class Re2Unicode
{
    private const string CategoryNames =
        "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn";

    private const string Aliases =
        "c=other cc=control cc=cntrl cf=format cn=unassigned co=privateuse cs=surrogate l=letter lc=casedletter "
        + "ll=lowercaseletter lm=modifierletter lo=otherletter lt=titlecaseletter lu=uppercaseletter m=mark "
        + "m=combiningmark mc=spacingmark me=enclosingmark mn=nonspacingmark n=number nd=decimalnumber nd=digit "
        + "nl=letternumber no=othernumber p=punctuation p=punct pc=connectorpunctuation pd=dashpunctuation "
        + "pe=closepunctuation pf=finalpunctuation pi=initialpunctuation po=otherpunctuation ps=openpunctuation "
        + "s=symbol sc=currencysymbol sk=modifiersymbol sm=mathsymbol so=othersymbol z=separator zl=lineseparator "
        + "zp=paragraphseparator zs=spaceseparator";

    /// <summary>Scripts without a character of ASCII, which alone are in a request.</summary>
    private const string Scripts =
        "Adlam Ahom AnatolianHieroglyphs Arabic Armenian Avestan Balinese Bamum BassaVah Batak Bengali Bhaiksuki "
        + "Bopomofo Brahmi Braille Buginese Buhid CanadianAboriginal Carian CaucasianAlbanian Chakma Cham Cherokee "
        + "Chorasmian Coptic Cuneiform Cypriot CyproMinoan Cyrillic Deseret Devanagari DivesAkuru Dogra Duployan "
        + "EgyptianHieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati "
        + "GunjalaGondi Gurmukhi Han Hangul HanifiRohingya Hanunoo Hatran Hebrew Hiragana ImperialAramaic Inherited "
        + "InscriptionalPahlavi InscriptionalParthian Javanese Kaithi Kannada Katakana Kawi KayahLi Kharoshthi "
        + "KhitanSmallScript Khmer Khojki Khudawadi Lao Lepcha Limbu LinearA LinearB Lisu Lycian Lydian Mahajani "
        + "Makasar Malayalam Mandaic Manichaean Marchen MasaramGondi Medefaidrin MeeteiMayek MendeKikakui "
        + "MeroiticCursive MeroiticHieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean NagMundari "
        + "Nandinagari NewTaiLue Newa Nko Nushu NyiakengPuachueHmong Ogham OlChiki OldHungarian OldItalic "
        + "OldNorthArabian OldPermic OldPersian OldSogdian OldSouthArabian OldTurkic OldUyghur Oriya Osage Osmanya "
        + "PahawhHmong Palmyrene PauCinHau PhagsPa Phoenician PsalterPahlavi Rejang Runic Samaritan Saurashtra "
        + "Sharada Shavian Siddham SignWriting Sinhala Sogdian SoraSompeng Soyombo Sundanese SylotiNagri Syriac "
        + "Tagalog Tagbanwa TaiLe TaiTham TaiViet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh "
        + "Tirhuta Toto Ugaritic Vai Vithkuqi Wancho WarangCiti Yezidi Yi ZanabazarSquare";

    private static readonly string[] s_categories = CategoryNames.ToLowerInvariant().Split(' ');

    private static readonly FrozenDictionary<string, string> s_aliases = Aliases
        .Split(' ')
        .Select(a => a.Split('='))
        .ToFrozenDictionary(a => a[1], a => a[0], StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_scripts = Scripts
        .ToLowerInvariant()
        .Split(' ')
        .ToFrozenSet(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, Re2Set> s_sets = new(StringComparer.Ordinal);

    /// <summary>The characters of a name; null: Go knows no such name.</summary>
    public static Re2Set? Find(string name)
    {
        string key = string.Concat(name.Where(c => c is not (' ' or '-' or '_'))).ToLowerInvariant();
        key = s_aliases.GetValueOrDefault(key, key);
        return key switch
        {
            "any" => new Re2Set().Add(0, Re2Set.Last),
            "ascii" => new Re2Set().Add(0, 0x7F),
            "assigned" => s_sets.GetOrAdd(key, _ => Of("cn").Negated()),
            "lc" => s_sets.GetOrAdd(key, _ => Of("lu", "ll", "lt")),
            "latin" => Re2Set.Group("[:alpha:]"),
            "common" => Re2Set.Where(c => char.IsAscii(c) && !char.IsAsciiLetter(c)),
            { Length: 1 } when "lmnpszc".Contains(key, StringComparison.Ordinal) => s_sets.GetOrAdd(key, _ =>
                Of([.. s_categories.Where(c => c[0] == key[0] && c != "cn")])
            ),
            _ when Array.IndexOf(s_categories, key) >= 0 => s_sets.GetOrAdd(key, _ => Of(key)),
            _ => s_scripts.Contains(key) ? new Re2Set() : null,
        };
    }

    private static Re2Set Of(params string[] categories) =>
        Re2Set.Where(c =>
            categories.Contains(s_categories[(int)CharUnicodeInfo.GetUnicodeCategory(c)], StringComparer.Ordinal)
        );
}
