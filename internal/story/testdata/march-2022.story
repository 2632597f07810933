# The facts of a news article of March 2022, told by office, as a person would type them with two nodes: what was sought, by whom,
# who declined, what else was said, and the questions that the record answers. The form: doc/stories.md.
# The claim of a party and a statement fit to publish are not told here yet: there are no verbs for them.

@2022-03-01T07:00Z us officer add "Lt Amaro" --langs en
@2022-03-01T07:00Z us sign-on "Lt Amaro"
@2022-03-01T07:00Z us officer add "Ms Reyes" --account spokesman --releaser
@2022-03-01T07:00Z ru officer add "Maj Petrov" --langs en,ru
@2022-03-01T07:00Z ru sign-on "Maj Petrov"
@2022-03-01T07:10Z us post add "Secretary of Defense" --org "Department of Defense" --level 2 as $secdef
@2022-03-01T07:10Z us post add "Minister of Defence" --theirs --org "Ministry of Defence" --level 2 --pair "Secretary of Defense" as $mindef
@2022-03-01T07:10Z us post add "Chairman of the Joint Chiefs" --org "Department of Defense" --level 2 as $cjcs
@2022-03-01T07:10Z us post add "Chief of the General Staff" --theirs --org "Ministry of Defence" --level 2 --pair "Chairman of the Joint Chiefs" as $cgs
@2022-03-01T07:10Z us post add "National Security Adviser" --org "White House" --level 2 as $nsa
@2022-03-01T07:10Z us post add "Secretary of the Security Council" --theirs --org "Security Council" --level 2 --pair "National Security Adviser" as $ssc
@2022-03-01T07:10Z us post add "President of the United States" --org "White House" --level 1 as $potus
@2022-03-01T07:10Z us post add "President of Russia" --theirs --org Kremlin --level 1 --pair "President of the United States" as $pru
@2022-03-01T07:10Z us post add "Ambassador in Moscow" --org "State Department" --level 3 as $amb
@2022-03-01T07:10Z us post add "Ministry of Foreign Affairs" --theirs --org "Ministry of Foreign Affairs" --level 3 --pair "Ambassador in Moscow" as $mfa
@2022-03-01T07:10Z us post add "Defence attachés in Moscow" --org "Department of Defense" --level 4 as $att
@2022-03-01T07:10Z us post add "a general, Ministry of Defence" --theirs --org "Ministry of Defence" --level 3 --pair "Defence attachés in Moscow" as $gen
@2022-03-01T07:10Z us post add "Line desk (European Command)" --org "Department of Defense" --level 5
@2022-03-01T07:10Z us post add "Line desk (NDMC)" --theirs --org "Ministry of Defence" --level 5
@2022-03-01T07:10Z us post add "Press secretary" --org "Department of Defense" --level 4
@2022-03-01T07:10Z us post add "President of France" --of france --org Élysée --level 1
@2022-03-01T07:10Z us post add "Chancellor of Germany" --of germany --org Chancellery --level 1
@2022-03-01T07:10Z us post add "Prime minister of Israel" --of israel --org "Prime minister's office" --level 1
@2022-03-01T07:20Z us event add "the invasion" --when 2022-02-24
@2022-03-01T07:20Z us event add "line opened" --when 2022-03-01
@2022-03-01T07:30Z us contact add call --when 2022-02-11 --with $cjcs,$cgs --channel telephone --basis press --source "public readout"
@2022-03-01T07:30Z us contact add call --when 2022-02-18 --with $secdef,$mindef --channel telephone --basis press --source "public readout"
@2022-03-23T10:00Z us request record --by $secdef --with $mindef --for call --when 2022-02-25/2022-03-23 --standing --basis told-by --source "the press secretary" as $call1
@2022-03-23T10:00Z us request record --by $cjcs --with $cgs --for call --when 2022-02-25/2022-03-23 --standing --basis told-by --source "the press secretary" as $call2
@2022-03-23T10:00Z us request outcome $call1 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23 --behalf principal
@2022-03-23T10:00Z us request outcome $call2 declined --told-by "the press secretary" --on 2022-02-25/2022-03-23
@2022-03-23T10:05Z us request record --by $potus --with $pru --for meeting --when 2022-02-25/2022-03-23 --basis press as $meet
@2022-03-23T10:05Z us request outcome $meet declined --on 2022-02-25/2022-03-23
@2022-03-23T10:10Z us contact add call --when 2022-02-25/2022-03-23 --with "President of France,President of Russia" --channel telephone --basis press
@2022-03-23T10:10Z us contact add call --when 2022-02-25/2022-03-23 --with "Chancellor of Germany,President of Russia" --channel telephone --basis press
@2022-03-23T10:10Z us contact add call --when 2022-02-25/2022-03-23 --with "Prime minister of Israel,President of Russia" --channel telephone --basis press
@2022-03-23T10:15Z us contact add call --when 2022-03-14/2022-03-20 --with $nsa,$ssc --channel telephone --basis press
@2022-03-23T10:15Z us contact add meeting --when 2022-03-14/2022-03-20 --with $att:2,$gen --place "Ministry of Defence, Moscow" --host ru --basis press as $attmeet
@2022-03-23T10:20Z us readout file $attmeet --text-lang en --point "observed: outburst of a general, such as its authors had never seen in a formal meeting" as $ro
@2022-03-23T10:20Z us assess $meet "they fear that a meeting could tacitly admit that things in Ukraine are not normal" --basis $ro
@2022-03-23T10:20Z us readout shown $ro --to "a news organisation" --on 2022-03-23
@2022-03-23T10:25Z us contact add public --by $potus --when "~2022-03-16" --quote "a war criminal" --basis press as $words
@2022-03-23T10:25Z us contact add summons --when 2022-03-21 --with $amb,$mfa --host ru --channel in-person --basis press --occasion $words as $summons
@2022-03-23T10:25Z us contact add public --by $mfa --when 2022-03-21 --quote "relations on the verge of rupture" --basis press --occasion $words as $verge
@2022-03-23T10:25Z us concern raise $summons "US citizens detained in Russia" as $detained
@2022-03-23T10:25Z us contact add public --by $potus --when 2022-03-23 --quote "war crimes, targeting civilians" --basis press --follows $summons as $accuse
# daily 1-23 March: the officers of both ends answer the ring and the question
! operators us ru answer
? @2022-03-23T18:00Z us contacts $secdef --since "the invasion" => 18 Feb; telephone; before
? us contacts $cjcs --since "the invasion" => 11 Feb; telephone; before
? us contacts --org "Department of Defense" --level 2 --since "the invasion" => none; 18 Feb; 11 Feb
? us contacts --none-since "the invasion" => Secretary of Defense; Chairman of the Joint Chiefs; President of the United States
? us requests --for call --since "the invasion" => 2 attempts; accepted 0; declined 2 stated by us; ru: nothing on record; 2 sought =>alone on our word alone; 2 attempts; accepted 0; declined 2 stated by us; 2 sought
? us contacts --highest --since "the invasion" => National Security Adviser; level 2
? us checks --since 2022-03-01 => 23 of 23 days; last 23 Mar 09: =>alone on our word alone; 23 of 23 days; last 23 Mar 09:; tested 23; not reached 0
? us figures --since 2022-03-01 => never used for substance =>alone on our word alone; never used for substance
? us contacts --with "President of Russia" --since "the invasion" => France; Germany; Israel
? us raised --at $summons => detained; no answer on record
? us readouts $attmeet => us: 1; ru: none on record =>alone on our word alone; us: 1
? us readouts --points observed --since "the invasion" => outburst; us; ru: nothing on record =>alone on our word alone; outburst; us
? us readouts $attmeet --shown => a news organisation
? us show $summons => occasion: a war criminal; followed by: war crimes
? us requests --sought => 2; standing
? us show $meet --private => tacitly admit
? ru find tacitly => nothing
? us contacts --dated span --since "the invasion" => 14 Mar - 20 Mar (2); about 16 Mar; press; entered late
