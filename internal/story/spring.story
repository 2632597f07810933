# Spring: two parties with a line since 1 March, and little else between them. Everybody and everything in it is invented.
# What was before the line, and what was heard elsewhere, is entered late. Play it: parley demo spring --once
@2022-03-01T07:00Z aurelia officer add "Lt Amaro" --langs en
@2022-03-01T07:00Z aurelia sign-on "Lt Amaro"
@2022-03-01T07:00Z aurelia officer add "Ms Reyes" --account press --releaser
@2022-03-01T07:00Z borealia officer add "Cpt Bruni" --langs it,en
@2022-03-01T07:00Z borealia sign-on "Cpt Bruni"
# the officers of both ends answer the ring and the question of every day's check
! operators aurelia borealia answer
@2022-03-01T07:10Z aurelia post add "Minister of Defence" --org "Ministry of Defence" --level 2 --name "it=Ministro della Difesa" as $minister
@2022-03-01T07:10Z aurelia post add "Secretary of War" --theirs --org "War Office" --level 2 --name "it=Segretario alla Guerra" --pair "Minister of Defence" as $secretary
@2022-03-01T07:10Z aurelia post add "Chief of Staff" --org "Ministry of Defence" --level 2 --name "it=Capo di Stato maggiore" as $chief
@2022-03-01T07:10Z aurelia post add "Marshal of the Staff" --theirs --org "War Office" --level 2 --name "it=Maresciallo di Stato maggiore" --pair "Chief of Staff" as $marshal
@2022-03-01T07:10Z aurelia post add "Security Adviser" --org Chancellery --level 2 --name "it=Consigliere per la sicurezza" as $adviser
@2022-03-01T07:10Z aurelia post add "Secretary of the Council" --theirs --org "Council of Security" --level 2 --name "it=Segretario del Consiglio" --pair "Security Adviser" as $council
@2022-03-01T07:10Z aurelia post add "Chancellor of Aurelia" --org Chancellery --level 1 --name "it=Cancelliere dell'Aurelia" as $chancellor
@2022-03-01T07:10Z aurelia post add "President of Borealia" --theirs --org Palace --level 1 --name "it=Presidente della Borealia" --pair "Chancellor of Aurelia" as $president
@2022-03-01T07:10Z aurelia post add "Ambassador in Boreal" --org "Foreign Office" --level 3 --name "it=Ambasciatore a Boreal" as $ambassador
@2022-03-01T07:10Z aurelia post add "Foreign Ministry" --theirs --org "Foreign Ministry" --level 3 --name "it=Ministero degli Esteri" --pair "Ambassador in Boreal" as $ministry
@2022-03-01T07:10Z aurelia post add "Defence attachés in Boreal" --org "Ministry of Defence" --level 4 --name "it=Addetti alla difesa a Boreal" as $attaches
@2022-03-01T07:10Z aurelia post add "a general, War Office" --theirs --org "War Office" --level 3 --name "it=un generale, Ufficio della Guerra" --pair "Defence attachés in Boreal" as $general
@2022-03-01T07:10Z aurelia post add "Line desk (coast)" --org "Ministry of Defence" --level 5 --name "it=Postazione della linea (costa)"
@2022-03-01T07:10Z aurelia post add "Line desk (operations)" --theirs --org "War Office" --level 5 --name "it=Postazione della linea (operazioni)"
@2022-03-01T07:10Z aurelia post add "Press secretary" --org "Ministry of Defence" --level 4 --name "it=Portavoce"
@2022-03-01T07:10Z aurelia post add "President of Cardonia" --of cardonia --org Presidency --level 1 --name "it=Presidente della Cardonia"
@2022-03-01T07:10Z aurelia post add "Chancellor of Delmar" --of delmar --org Chancellery --level 1 --name "it=Cancelliere del Delmar"
@2022-03-01T07:10Z aurelia post add "Prime minister of Estovia" --of estovia --org "Prime minister's office" --level 1 --name "it=Primo ministro dell'Estovia"
@2022-03-01T07:20Z aurelia event add "the crossing" --when 2022-02-24 --name "it=il passaggio"
@2022-03-01T07:20Z aurelia event add "line opened" --when 2022-03-01 --name "it=l'apertura della linea"
@2022-03-01T07:30Z aurelia contact add call --when 2022-02-11 --with $chief,$marshal --channel telephone --basis press --source "public readout"
@2022-03-01T07:30Z aurelia contact add call --when 2022-02-18 --with $minister,$secretary --channel telephone --basis press --source "public readout"
@2022-03-23T10:00Z aurelia request record --by $minister --with $secretary --for call --when 2022-02-25/2022-03-23 --standing --basis told-by --source "the press secretary" as $call1
@2022-03-23T10:00Z aurelia request record --by $chief --with $marshal --for call --when 2022-02-25/2022-03-23 --standing --basis told-by --source "the press secretary" as $call2
@2022-03-23T10:00Z aurelia request outcome $call1 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23 --behalf principal
@2022-03-23T10:00Z aurelia request outcome $call2 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23
@2022-03-23T10:05Z aurelia request record --by $chancellor --with $president --for meeting --when 2022-02-25/2022-03-23 --basis press as $meeting
@2022-03-23T10:05Z aurelia request outcome $meeting declined --on 2022-02-25/2022-03-23
@2022-03-23T10:10Z aurelia contact add call --when 2022-02-25/2022-03-23 --with "President of Cardonia,President of Borealia" --channel telephone --basis press
@2022-03-23T10:10Z aurelia contact add call --when 2022-02-25/2022-03-23 --with "Chancellor of Delmar,President of Borealia" --channel telephone --basis press
@2022-03-23T10:10Z aurelia contact add call --when 2022-02-25/2022-03-23 --with "Prime minister of Estovia,President of Borealia" --channel telephone --basis press
@2022-03-23T10:15Z aurelia contact add call --when 2022-03-14/2022-03-20 --with $adviser,$council --channel telephone --basis press
@2022-03-23T10:15Z aurelia contact add meeting --when 2022-03-14/2022-03-20 --with $attaches:2,$general --place "War Office, Boreal" --host borealia --basis press as $visit
@2022-03-23T10:20Z aurelia readout file $visit --text-lang en --point "observed: the general struck the table and left the room, as none of the authors had ever seen" as $readout
@2022-03-23T10:20Z aurelia assess $meeting "they fear that a meeting could be read as saying that the crossing did not go as planned" --basis $readout
@2022-03-23T10:20Z aurelia readout shown $readout --to "a news organisation" --on 2022-03-23
@2022-03-23T10:25Z aurelia contact add public --by $chancellor --when "~2022-03-16" --quote "a breaker of treaties" --basis press as $words
@2022-03-23T10:25Z aurelia contact add summons --when 2022-03-21 --with $ambassador,$ministry --host borealia --channel in-person --basis press --occasion $words as $summons
@2022-03-23T10:25Z aurelia contact add public --by $ministry --when 2022-03-21 --quote "relations are close to their end" --basis press --occasion $words
@2022-03-23T10:25Z aurelia concern raise $summons "fishermen of Aurelia held in Borealia" as $held
@2022-03-23T10:25Z aurelia contact add public --by $chancellor --when 2022-03-23 --quote "unlawful seizures at sea" --basis press --follows $summons
? @2022-03-23T18:00Z aurelia contacts $minister --since "the crossing" => 18 Feb; telephone; before
? aurelia contacts $chief --since "the crossing" => 11 Feb; telephone; before
? aurelia contacts --org "Ministry of Defence" --level 2 --since "the crossing" => none; 18 Feb; 11 Feb
? aurelia contacts --none-since "the crossing" => Minister of Defence; Chief of Staff; Chancellor of Aurelia
? aurelia requests --for call --since "the crossing" => 2 attempts; accepted 0; declined 2 stated by us; borealia: nothing on record; 2 sought =>alone on our word alone; 2 attempts; accepted 0; declined 2 stated by us; 2 sought
? borealia requests --for call --since "the crossing" => 2 attempts; accepted 0; declined 2 stated by them; 2 sought
? aurelia contacts --highest --since "the crossing" => Security Adviser; level 2
? aurelia checks --since 2022-03-01 => 23 of 23 days; last 23 Mar 09: =>alone on our word alone; 23 of 23 days; last 23 Mar 09:; tested 23; not reached 0
? borealia checks --since 2022-03-01 => 23 of 23 days; last 23 Mar 09:
? aurelia figures --since 2022-03-01 => never used for substance; 23 of 23 days; longest gap 24 h =>alone on our word alone; never used for substance; 23 of 23 days; longest gap 24 h
? borealia figures --since "line opened" => never used for substance
? aurelia contacts --with "President of Borealia" --since "the crossing" => Cardonia; Delmar; Estovia
? aurelia raised --at $summons => fishermen; no answer on record
? aurelia readouts $visit => aurelia: 1; borealia: none on record =>alone on our word alone; aurelia: 1
? aurelia readouts --points observed --since "the crossing" => struck the table; aurelia; borealia: nothing on record =>alone on our word alone; struck the table; aurelia
? aurelia readouts $visit --shown => a news organisation
? aurelia show $summons => occasion: a breaker of treaties; followed by: unlawful seizures
? aurelia requests --sought => 2; standing
? aurelia show $meeting --private => did not go as planned
? borealia find planned => nothing
? aurelia contacts --dated span --since "the crossing" => 14 Mar - 20 Mar (2); about 16 Mar; press; entered late
? borealia contacts "Secretary of War" --since "the crossing" --lang it => non si parlano dal 18 feb; al telefono; prima
? borealia figures --lang it => mai usata per fatti di sostanza; 23 giorni su 23
? aurelia claim --since 2022-02-24 spring.claim => tested, used, contacts, requests
? borealia verify spring.claim --expect $aurelia.hash => HOLDS; 23 of 23 days; never, on this record, as of T
? aurelia statement draft spring.press --since "the crossing" --figure tested,used,contacts,requests --with $minister --opinion "We go on asking for the call. A line that is tested every day and never used is an offer that stands." => DRAFT; opinion, not checked; We go on asking =>alone DRAFT; A person answered the ordinary telephone of borealia on 23 of 23 days since 1 March 2022.; on this record of one side; opinion, not checked; We go on asking
aurelia/Reyes statement release spring.press
? borealia verify spring.press --expect $aurelia.hash => HOLDS; drafted by one officer and released by another; checked: The line was tested on 23 of 23 days since 1 March 2022.; opinion, not checked
? aurelia verify spring.press --expect $aurelia.hash => HOLDS; checked: The last contact between “Minister of Defence” (aurelia); on 18 February 2022; by the word of aurelia alone =>alone HOLDS, on the word of one side; by the word of aurelia alone
? aurelia export spring.parley => logs
? borealia verify spring.parley --expect $aurelia.hash => HOLDS
? aurelia verify spring.parley --expect $aurelia.hash => HOLDS =>alone HOLDS, on the word of one side
