"""What customers say about a cut, in six languages: who is hit, the breaker, the meter, the gas tap."""

from __future__ import annotations

import re

from bot.flows.hearing import Patterns, compile_patterns, match, picked, plain, yes_no
from bot.flows.places import looks_like_address
from bot.flows.types import Heard, Parsed, Problem, Scene
from bot.understanding.types import SMALLTALK

_UNKNOWN = (
    r"(?:je |j'|chais |sais )?(?:ne )?sais? pas", r"aucune idee", r"pas sure?\b", r"comment (?:je )?(?:le )?(?:sais|voir|savoir)",
    r"(?:je )?(?:ne )?(?:le )?trouve pas", r"don't know|not sure|no idea|can't (?:find|tell)", r"weet (?:ik |het )?niet|geen idee",
    r"no (?:lo )?se\b|ni (?:la menor )?idea|no (?:lo )?tengo claro", r"weiss (?:ich |es )?nicht|keine(?:n)? (?:ahnung|plan)|kann ich nicht sagen", r"non (?:lo )?so\b|nessuna idea|non ne ho idea|non saprei|boh\b",
    r"zou het niet weten",
)
_SCOPE = compile_patterns({
    "home": (
        r"(?:seulement|que|juste|uniquement) (?:chez )?(?:moi|nous|mon|ma|notre)", r"chez moi (?:seulement|uniquement)", r"(?:je suis|suis) (?:le |la )?seule?\b",
        r"(?:les )?voisins? (?:en )?(?:ont|a|eux c'est|c'est)\b(?! pas| plus| aussi| eux aussi)[^.]{0,30}(?:lumiere|courant|electricite|allume|bon)?", r"l'appartement d'a cote est allume",
        r"chez les autres (?:\w+ ){0,2}il y a de la lumiere", r"il n'y a que (?:mon|chez|ma)",
        r"only (?:me|my|us|our|at mine|mine)|just (?:me|my|us|our|mine)|neighbou?rs (?:have|are fine|still have)",
        r"(?:alleen|enkel) (?:ik|bij mij|bij ons|mijn|ons|hier)|buren hebben (?:wel|nog)|bij de buren (?:brandt|is er)\b(?! (?:ook|geen))", r"solo (?:yo|en mi|mi |nosotros|en casa)|(?:los )?(?:vecinos|demas) (?:si )?tienen\b(?! (?:el mismo|tampoco))",
        r"nur (?:bei mir|bei uns|ich|(?:in )?meine[rn]?|wir|(?:in )?unsere[rn]?)\b|nachbarn? (?:haben|hat) (?:noch |schon |doch )?(?:strom|licht)|bei den nachbarn (?:brennt|ist|geht)\b(?! (?:es |das )?auch)", r"(?:solo|soltanto) (?:da me|io|(?:a )?casa mia|noi|da noi|il mio|qui)\b|i vicini (?:ce l')?hanno\b(?! (?:lo stesso|anche))|dai vicini c'e",
    ),
    "street": (
        r"(?:toute |tte |dans |de )(?:la |ma |ta |notre |les )?(?:rue|rues)\b", r"quartier|kartier|lotissement|hameau|village|commune|residence entiere|pate de maisons|lampadaires?|reverberes?|eclairage public|partout\b|secteur|la ville",
        r"(?:les )?voisins? d'en face", r"chez la voisine|(?:chez )?(?:les |mes |tous les )?voisins? (?:aussi|pareil|non plus|n'ont|ont pas|ont plus|sont dans le noir|eux aussi|egalement)", r"chez nous et chez les voisins|moi et (?:chez )?(?:les|mes) voisins",
        r"(?:the |my |our )?(?:whole |entire )?(?:street|road|neighbou?rhood|village|area|town)\b|street ?lights?|neighbou?rs (?:too|as well|are out|have no)",
        r"(?:hele |de )?(?:straat|buurt|wijk|dorp)\b|straatverlichting|(?:bij de )?buren (?:is er )?(?:ook|geen)\b|buren (?:zitten ook|hebben (?:ook )?(?:geen|niets|niks))", r"(?:toda )?la calle|barrio|pueblo|urbanizacion|farolas?|(?:los )?vecinos (?:tampoco|tambien|estan (?:igual|sin luz)|igual|sin luz)",
        r"(?:ganze )?stra(?:ss|ß)e|viertel|\bdorf\b|ganzen? ort\b|nachbarschaft|stra(?:ss|ß)enlaternen?|nachbarn (?:auch|haben auch|sitzen auch|ebenfalls)", r"(?:tutta )?la (?:via|strada)|quartiere|paese|lampioni?|(?:anche )?i vicini (?:anche|neanche|pure|al buio|senza)|(?:anche|neanche) i vicini",
    ),
    "building": (
        r"immeuble|batiment|copro\w*|cage d'escalier|escalier|ascenseur|parties communes|palier|tout le monde dans l'im\w*|etages?\b",
        r"(?:whole |entire )?(?:building|block)\b|stairwell|staircase|lift\b|elevator", r"(?:hele )?(?:gebouw|flat|appartementsgebouw)\b|trappenhuis|lift\b",
        r"edificio|escalera|ascensor|portal\b|bloque", r"ganzen? (?:haus|gebaude)\b|mehrfamilienhaus|gebaude\b|treppenhaus|aufzug", r"palazzo|condominio|scala\b|scale\b|ascensore",
    ),
    "unknown": _UNKNOWN,
})
#: Words that place the cut at home without saying so: a breaker is the customer's own.
_OWN = re.compile(r"\bdi[sj]s?[jc]?onct\w*|\bdijonct\w*|\bplombs?\b|\bfusibles?\b|\bmy (?:breaker|fuse)|\bstop(?:pen)?kast|\baardlek\w*|\bzekering\w*|\bhoofdschakelaar|\bdiferencial\b|\bmagnetotermic\w*|\bautomatico\b|\bse ha saltado|\bsicherung\w*|(?<!wi-)(?<!wi )\bfi(?:[ -]?schalter)?\b|\bhauptschalter|\bsalvavita\b|\bdifferenziale\b|\binterruttore\b|\bcontatore (?:salta|scatt)\w*")
_BREAKER = compile_patterns({
    "up": (
        r"(?:pas|n'est pas|il n'est pas) (?:abaisse|baisse|tombe|descendu|saute|en bas)\w*", r"n'a pas (?:saute|disjoncte|bouge)", r"(?:bien )?(?:leve|releve|en haut|enclenche|sur 1|sur on)\b", r"(?:is |it's )?(?:up|on)\b", r"staat (?:nog )?(?:aan|omhoog|goed|op 1)|niet (?:uit|afgeslagen|uitgevallen|gesprongen|uitgeslagen|omlaag)\b",
        r"(?<!no )(?:esta )?(?<!no esta )(?:arriba|subido|conectado|levantado|puesto)\b|no (?:ha saltado|salto|esta (?:bajado|abajo)|se ha (?:bajado|ido))\b", r"(?<!nicht )(?:oben|drin|eingeschaltet|auf 1)\b|nicht (?:raus|rausgeflogen|gefallen|ausgelost|herausgesprungen|gesprungen|unten)\b",
        r"(?<!non e )(?<!sta )(?<!torna )(?:su(?! (?:0|zero|off))|alzato|inserito|in alto)\b|non (?:e )?(?:scattato|saltato|abbassato|sceso)\b",
    ),
    "lowered": (
        r"(?:abaisse|baisse|tombe|descendu|saute|disjoncte|en bas|declenche|coupe)\w*\b", r"sur (?:0|zero|off)\b", r"(?:redescend|retombe)\w*", r"(?:down|off|tripped)\b", r"(?:uit|omlaag|gesprongen|uitgeslagen|afgeslagen|uitgevallen|beneden)\b|op (?:0|nul)\b|niet (?:aan|omhoog)\b",
        r"(?:bajad[oa]|abajo|saltad[oa]|caid[oa]|disparad[oa]|salta|salto|en 0|en off|no esta (?:arriba|subido|levantado|puesto))\b", r"(?:unten|raus|rausgeflogen|rausgesprungen|geflogen|ausgelost|gefallen|umgekippt|herausgesprungen|aus|auf (?:0|null)|nicht (?:oben|drin))\b",
        r"(?:giu|in basso|abbassat[oa]|scattat[oa]|saltat[oa]|sganciat[oa]|sceso|su (?:0|zero|off)|non (?:e|sta) (?:su|in alto))\b",
    ),
    "unknown": _UNKNOWN,
})
_REARM = compile_patterns({
    "trips": (
        r"(?:re)?tombe\w*|redescend\w*|ressaute|re ?saute|(?:ne |n')?(?:tient|tien|remonte|reste) pas|(?:ne )?veut pas|saute encore|toujours (?:rien|pareil)|refuse",
        r"trips|falls|drops|won't stay|goes (?:back )?down|again", r"(?:valt|slaat|springt|gaat) (?:er )?(?:steeds |telkens |meteen |direct )?(?:weer |opnieuw )?(?:uit|terug|af|omlaag)|springt weer|blijft niet|wil niet|houdt niet", r"vuelve a (?:saltar|caer|bajar)|salta|se (?:baja|cae|dispara)|no (?:se )?(?:aguanta|queda|mantiene|sube|engancha)",
        r"(?:fallt|fliegt|springt|geht|klappt) (?:sofort |gleich |immer |direkt )?(?:wieder )?(?:raus|runter|heraus|aus|nach unten)|(?:halt|bleibt) nicht|lasst sich nicht|lost (?:sofort |gleich )?(?:wieder )?aus", r"ricade|(?:ri)?scatta|salta|(?:torna|va|viene) giu|non (?:tiene|sta|resta|rimane|si alza|vuole)",
    ),
    "holds": (
        r"tient|tien\b|ca (?:re)?marche|c'est (?:re)?venu|revenu|tout (?:re)?vient|reparti|c'est bon|remarche|il reste|refonctionne|rallume",
        r"holds|stays|works|it's back|back on|fixed", r"blijft|werkt|doet het|houdt het|er is weer (?:stroom|licht)", r"aguanta|funciona|ha vuelto|vuelve la luz|se (?:queda|mantiene)|ya (?:hay|tengo) luz", r"halt|bleibt|geht wieder|lauft wieder|funktioniert|wieder da|strom ist da",
        r"tiene|funziona|tornat[ao]|resta|rimane",
    ),
})
_CIRCUITS = compile_patterns({
    "general": (
        r"(?:meme|avec) tous? (?:les petits )?baisses?|(?:le )?general (?:re)?tombe|(?:le )?general (?:ne )?(?:tient|remonte|reste) pas|tous baisses|sans (?:aucun|rien)",
        r"(?:main|general) (?:one |breaker )?(?:still )?(?:trips|falls|won't)|even with all", r"hoofdschakelaar (?:valt|springt|slaat)|(?:zelfs|ook) met alles", r"el general (?:salta|se baja|cae)|(?:incluso|aun|hasta) con todos?", r"hauptschalter (?:fallt|fliegt|springt)|(?:selbst|auch) wenn alle", r"il generale (?:scatta|ricade|salta)|anche con tutt[io]",
    ),
    "found": (
        r"(?:un|le|celui|c'est|trouve)\b.{0,30}\b(?:circuit|petit|cuisine|salle|chauffe-?eau|cumulus|ballon|prises?|four|plaques?|lave|machine|exterieur|terrasse|chambre|salon|garage|seche|frigo|fait (?:tout )?(?:re)?(?:tomber|sauter))",
        r"(?:chauffe-?eau|cumulus|ballon|lave-?vaisselle|lave-?linge|four|plaques?|frigo|congelateur|cuisine|salle de bains?|terrasse)\b", r"trouve|found|one (?:of them|circuit|breaker)|it's the", r"gevonden|een (?:groep|circuit)", r"encontrado|un circuito|es (?:el|la)", r"gefunden|ein (?:kreis|stromkreis|schalter)", r"trovato|un circuito",
        r"(?:kitchen|bathroom|boiler|water heater|oven|washing machine|dishwasher|dryer|fridge|sockets?|garage)\b", r"(?:keuken|badkamer|boiler|oven|wasmachine|vaatwasser|droogkast|droger|koelkast|stopcontact\w*|terras|garage)\b",
        r"(?:cocina|bano|termo|horno|lavadora|lavavajillas|secadora|nevera|enchufes?|terraza|garaje)\b", r"(?:kuche|bad(?:ezimmer)?|backofen|waschmaschine|spulmaschine|trockner|kuhlschrank|steckdosen?|terrasse)\b",
        r"(?:cucina|bagno|scaldabagno|forno|lavatrice|lavastoviglie|asciugatrice|frigo|prese|terrazzo)\b",
    ),
    "fine": (r"tout (?:tient|marche|remarche|est bon|fonctionne|revient)|c'est bon|ca (?:re)?marche|revenu", r"(?:all|everything) (?:holds|works|is fine)|it's back", r"alles (?:werkt|blijft)|todo (?:funciona|aguanta)|alles (?:geht|halt|lauft)|tutto (?:funziona|tiene)"),
})
_LINKY = compile_patterns({
    "old": (r"(?:pas|n'ai pas|n'est pas) (?:un |de |le )?linky|ancien|vieux|a disque|roue|electronique bleu|blanc", r"not (?:a )?linky|old meter", r"geen linky|oude meter", r"no (?:es )?(?:un )?linky|antiguo", r"kein linky|alt(?:er)?\b", r"non (?:e )?(?:un )?linky|vecchio"),
    "off": (r"eteint|noir\b|rien (?:d'affiche|sur l'ecran|du tout)|(?:est )?mort|vide|n'affiche rien|n'affiche plus rien|pas allume", r"off\b|blank|dark|dead|nothing", r"uit\b|leeg|donker|niets", r"apagad[ao]|negro|nada", r"aus\b|dunkel|schwarz|nichts|leer", r"spent[ao]|ner[ao]|niente"),
    "cut": (r"coupure|depassement|coupe\b|puissance (?:max|depass)\w*|rebranch\w*|message|reenclench\w*|appu\w* sur", r"cut\b|overload|exceeded|message", r"overschr\w*|onderbrok\w*", r"corte\b|exceso|superad\w*", r"uberschr\w*|unterbroch\w*", r"supera\w*|interruzion\w*"),
    "on": (r"allume\w*|affiche\w*|marche|normal\w*|chiffres?|kwh|c'est vert", r"\bon\b|lit\b|normal|shows", r"aan\b|brandt", r"encendid[ao]|normal", r"an\b|leuchtet|normal|zeigt", r"acces[ao]|normale"),
})
_BACK = re.compile(
    r"(?:le courant|l'electricite|la lumiere|l'elec|elec|courant|jus|gaz|c'est|tout est|ca vient de|ca) (?:est |c'est )?(?:enfin |bien )?(?:revenue?s?|retablie?s?|reparti\w*|de retour|revenir)"
    r"|ca (?:re)?marche (?:maintenant|a nouveau|de nouveau)|ca remarche|(?:power|electricity|it) ?(?:is|has|'s)? (?:come )?back(?: on)?"
    r"|(?:de )?(?:stroom|elektriciteit) (?:is (?:er )?(?:weer|terug)|doet het weer)|er is weer (?:stroom|licht)|(?:la luz|la corriente|ya) (?:ha )?(?:vuelto|volvio)|ya (?:hay|tengo|tenemos) (?:luz|corriente)|ha vuelto la luz|(?:der )?strom ist (?:wieder (?:da|zuruck)|zuruck)|wieder strom"
    r"|(?:la corrente|la luce) e (?:tornata|ritornata)|e (?:tornata|ritornata) la (?:corrente|luce)|c'e di nuovo (?:la )?(?:corrente|luce)"
)
_NOT_BACK = re.compile(r"pas (?:encore )?(?:revenu|retabli|reparti)|toujours pas|quand|when|wann|cuando|quando|wanneer|\?|si (?:le|ca)|not back|nicht wieder|noch (?:immer )?(?:nicht|kein)|immer noch|niet terug|nog (?:altijd |steeds )?(?:niet|geen)|no ha vuelto|todavia no|aun no|non e (?:ancora )?tornat|ancora no|non ancora")
_GAS_CUT = re.compile(r"\b(?:plus|pas|coupure|panne|manque|arrivee)(?: \w+){0,2} (?:de |d'arrivee de )?gazs?\b|\bgaz (?:est )?coupe|\b(?:no|without) gas\b|\bgas (?:is )?(?:off|cut)|\bgeen gas\b|\b(?:sin|no hay|no tengo) gas\b|\bkein gas\b|\b(?:senza|manca il|non c'e) gas\b")
_POWER_CUT = re.compile(r"\bcourant|\bcouran\b|\belectri|\blumiere|\bjus\b|\bpower\b|\bstroom\b|\belektri\w*|\bluz\b|\bcorriente\b|\bstrom\b|\bstromausfall|\bcorrente\b|\bluce\b|\belettri\w*|\bdisjonct")
_ITS_GAS = re.compile(r"\b(?:c'est|non,?|it's|plutot) (?:pour )?(?:le |du |the )?gazs?\b|\bit's (?:the )?gas\b")
_ITS_POWER = re.compile(r"\b(?:c'est|non,?|it's|plutot) (?:pour )?(?:le |du |l'|the )?(?:courant|elec\w*|power)\b")
_VALVE = compile_patterns({
    "closed": (r"ferme|en travers|perpendiculaire|coupe", r"closed|shut|off\b", r"dicht|gesloten|toe\b", r"cerrad[ao]", r"zu\b|geschlossen|(?:ab|zu)gedreht", r"chius[ao]"),
    "open": (r"ouvert|dans l'axe|aligne", r"open\b", r"abiert[ao]", r"offen|auf\b|aufgedreht", r"apert[ao]"),
    "unknown": _UNKNOWN,
})
_SKIP = re.compile(r"^(?:passe[rz]?|sauter?|skip|non|no|nee|nein|pas la peine|plus tard|je prefere pas|overslaan|sla over|later|liever niet|omitir|saltar|mas tarde|prefiero no|uberspringen|spater|lieber nicht|salta|dopo|piu tardi|preferisco di no)\b")


def scope(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Who is hit: home, building, street, or unknown."""
    if heard.choice:
        return picked(heard, "outage_scope")
    text = plain(heard)
    value = match(text, _SCOPE)
    if value and (value != "unknown" or asked):
        return value
    entity = heard.first("outage_scope") if asked or scene.slots.get("requested_slot") is None else None
    if entity in ("home", "building"):            # a street in it is as often just an address
        return entity
    if _OWN.search(text):
        return "home"
    return "home" if asked and yes_no(heard, firm=False) else None


def energy(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Which supply is cut; said, never asked."""
    text = plain(heard)
    if scene.slots.get("outage_energy"):         # once known, only a plain correction changes it
        return "gas" if _ITS_GAS.search(text) else "electricity" if _ITS_POWER.search(text) else None
    if _GAS_CUT.search(text) and not _POWER_CUT.search(text):
        return "gas"
    return "electricity" if _POWER_CUT.search(text) else None


def back(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """The supply came back while we talked."""
    text = plain(heard)
    return "yes" if _BACK.search(text) and not _NOT_BACK.search(text) else None


def stated(slot: str, patterns: Patterns, *, yes: str | None = None, no: str | None = None,
           about: re.Pattern[str] | None = None) -> type[Parsed] | Parsed:
    """A parser over a table of phrases; ``yes``/``no``: what a bare yes or no means when asked.

    ``about``: outside its question a phrase counts only beside the thing it speaks of.
    """
    def parse(heard: Heard, scene: Scene, asked: bool) -> Parsed:
        if heard.choice:
            return picked(heard, slot)
        text = plain(heard)
        if not asked and not (about and about.search(text)):
            return None
        value = match(text, patterns)
        if value is None and asked:
            said = yes_no(heard, firm=False)
            value = yes if said else no if said is False else None
        return value if asked or value != "unknown" else None
    return parse


breaker = stated("outage_breaker", _BREAKER, yes="lowered", no="up", about=_OWN)
rearm = stated("outage_rearm", _REARM, yes="holds", no="trips", about=re.compile(r"\b(?:retombe|redescend)"))
circuits = stated("outage_circuits", _CIRCUITS)
linky = stated("outage_linky", _LINKY, yes="on", no="off", about=re.compile(r"\blink[yi]\b|\becran"))
valve = stated("outage_valve", _VALVE, yes="open", no="closed", about=re.compile(r"\brobinet|\bvanne"))


def plus(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Did pressing + bring the current back."""
    if heard.choice:
        return picked(heard, "outage_plus")
    if not asked:
        return None
    value = match(plain(heard), _REARM)
    if value:
        return "back" if value == "holds" else "still"
    said = yes_no(heard, firm=False)
    if said is None and re.search(r"\brien\b|\bnothing\b|\bniets\b|\bnada\b|\bnichts\b|\bniente\b", plain(heard)):
        return "still"
    return None if said is None else "back" if said else "still"


def postcode(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """A French postcode; digits of another length, when asked, are a problem with a clear sentence."""
    if heard.choice:
        return None
    found = heard.first("postcode")
    if found:
        return str(found)
    typed = re.search(r"(?<![\d-])(0[1-9]|[1-8]\d|9[0-578])(\d{3})(?!\d| ?(?:kwh|euros?|€|m3))" if not asked
                      else r"(?<![\d-])(\d{2}) ?(\d{3})(?!\d)", heard.text)
    if typed:
        return typed.group(1) + typed.group(2)
    if asked and re.search(r"\d", heard.text):
        return Problem("outage.bad_postcode")
    return None


def address(heard: Heard, scene: Scene, asked: bool) -> Parsed:
    """Street and number as written, or "skip"."""
    if heard.choice:
        return picked(heard, "outage_address")
    if not asked:
        return None
    text = " ".join(heard.text.split())
    if _SKIP.match(plain(heard)):
        return "skip"
    words = len(re.findall(r"[^\W\d_]", text)) >= 4 and len(text) <= 160 and "?" not in text
    if looks_like_address(text):
        return text
    talk = heard.understanding.intent in ("faq", *SMALLTALK) or heard.understanding.intent.startswith("flow_")
    return text if words and not talk else None
