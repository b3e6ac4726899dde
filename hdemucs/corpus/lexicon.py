"""Two hundred English words in ARPAbet; a dot ends a syllable."""

from __future__ import annotations

WORDS = """
love L AH V | heart HH AA R T | night N AY T | day D EY | light L AY T | fire F AY R | rain R EY N
sun S AH N | moon M UW N | star S T AA R | sky S K AY | sea S IY | road R OW D | home HH OW M
time T AY M | mind M AY N D | soul S OW L | hand HH AE N D | eyes AY Z | face F EY S | name N EY M
dream D R IY M | song S AO NG | sound S AW N D | voice V OY S | word W ER D | world W ER L D
way W EY | line L AY N | door D AO R | room R UW M | house HH AW S | street S T R IY T
town T AW N | train T R EY N | car K AA R | boat B OW T | ship SH IH P | wind W IH N D
snow S N OW | cloud K L AW D | stone S T OW N | ground G R AW N D | tree T R IY | leaf L IY F
rose R OW Z | bird B ER D | wing W IH NG | wave W EY V | shore SH AO R | sand S AE N D
gold G OW L D | glass G L AE S | blood B L AH D | bone B OW N | skin S K IH N | breath B R EH TH
kiss K IH S | touch T AH CH | tear T IH R | smile S M AY L | fear F IH R | hope HH OW P
faith F EY TH | truth T R UW TH | lie L AY | pain P EY N | peace P IY S | war W AO R
king K IH NG | queen K W IY N | child CH AY L D | friend F R EH N D | girl G ER L | boy B OY
man M AE N | one W AH N | two T UW | you Y UW | me M IY | we W IY | she SH IY | he HH IY
they DH EY | I AY | my M AY | your Y AO R | our AW R | no N OW | yes Y EH S | now N AW
then DH EH N | here HH IH R | there DH EH R | where W EH R | when W EH N | why W AY | how HH AW
so S OW | too T UW | all AO L | more M AO R | last L AE S T | first F ER S T | long L AO NG
far F AA R | near N IH R | high HH AY | low L OW | slow S L OW | fast F AE S T | old OW L D
new N UW | young Y AH NG | cold K OW L D | warm W AO R M | dark D AA R K | bright B R AY T
blue B L UW | red R EH D | black B L AE K | white W AY T | green G R IY N | sweet S W IY T
true T R UW | free F R IY | lost L AO S T | found F AW N D | gone G AO N | down D AW N | up AH P
in IH N | out AW T | on AA N | off AO F | over OW . V ER | under AH N . D ER | again AH . G EH N
away AH . W EY | alone AH . L OW N | around AH . R AW N D | inside IH N . S AY D
tonight T AH . N AY T | today T AH . D EY | morning M AO R . N IH NG | evening IY V . N IH NG
summer S AH . M ER | winter W IH N . T ER | river R IH . V ER | water W AO . T ER
ocean OW . SH AH N | mountain M AW N . T AH N | valley V AE . L IY | city S IH . T IY
window W IH N . D OW | mirror M IH . R ER | shadow SH AE . D OW | silence S AY . L AH N S
thunder TH AH N . D ER | lightning L AY T . N IH NG | heaven HH EH . V AH N | angel EY N . JH AH L
devil D EH . V AH L | baby B EY . B IY | lover L AH . V ER | mother M AH . DH ER
brother B R AH . DH ER | sister S IH S . T ER | stranger S T R EY N . JH ER | money M AH . N IY
honey HH AH . N IY | sugar SH UH . G ER | whisky W IH S . K IY | coffee K AO . F IY
paper P EY . P ER | letter L EH . T ER | picture P IH K . CH ER | story S T AO . R IY
never N EH . V ER | ever EH . V ER | always AO L . W EY Z | only OW N . L IY | maybe M EY . B IY
running R AH . N IH NG | falling F AO . L IH NG | calling K AO . L IH NG | waiting W EY . T IH NG
burning B ER . N IH NG | turning T ER . N IH NG | dancing D AE N . S IH NG
singing S IH NG . IH NG | dreaming D R IY . M IH NG | crying K R AY . IH NG | flying F L AY . IH NG
believe B IH . L IY V | remember R IH . M EH M . B ER | forget F ER . G EH T
forever F ER . EH . V ER | together T AH . G EH . DH ER | tomorrow T AH . M AA . R OW
yesterday Y EH S . T ER . D EY | everything EH V . R IY . TH IH NG | nobody N OW . B AH . D IY
somebody S AH M . B AH . D IY | radio R EY . D IY . OW | go G OW | come K AH M | stay S T EY
run R AH N | fall F AO L | fly F L AY | hold HH OW L D | give G IH V | take T EY K | make M EY K
know N OW | see S IY | feel F IY L | need N IY D | want W AA N T | find F AY N D | leave L IY V
"""


def parsed(text: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Word -> the phones of each of its syllables."""
    entries = [entry.split() for line in text.strip().splitlines() for entry in line.split(" | ")]
    return {
        word: tuple(tuple(syllable.split()) for syllable in " ".join(phones).split(" . "))
        for word, *phones in entries
    }


LEXICON = parsed(WORDS)
